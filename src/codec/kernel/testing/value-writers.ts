import { ByteWriter } from "../../../core/byte-writer.ts";
import { parseColumnType } from "../../../schema/column-type.ts";
import type { ColumnType, TimeFormat } from "../../../schema/plan.ts";
import { FieldError } from "../../reference/column.ts";
import { compileColumn } from "../../reference/columns/compile.ts";
import { isFloatText } from "../../reference/columns/number-text.ts";
import * as layout from "../assembly/layout.ts";
import { timeFormatWords } from "../write-node.ts";
import { zoneTable } from "../zone-table.ts";
import { KernelMemory } from "./kernel-memory.ts";

type Writer = (node: number, kind: number, start: number, end: number, at: number) => number;

const errorTypes: Record<number, string> = {
  [layout.DECLINED]: "declined",
  [layout.REJECT_FIELD_TYPE]: "field_type",
  [layout.REJECT_FIELD_RANGE]: "field_range",
  [layout.REJECT_FIELD_FORMAT]: "field_format",
};
const kinds: Record<string, { type: number; width: number; writer: string }> = {
  date: { type: layout.TYPE_DATE, width: 2, writer: "writeDate" },
  date32: { type: layout.TYPE_DATE32, width: 4, writer: "writeDate32" },
  dateTime: { type: layout.TYPE_DATE_TIME, width: 4, writer: "writeDateTime" },
  dateTime64: { type: layout.TYPE_DATE_TIME64, width: 8, writer: "writeDateTime64" },
  uuid: { type: layout.TYPE_UUID, width: 16, writer: "writeUuid" },
  ipv4: { type: layout.TYPE_IPV4, width: 4, writer: "writeIpv4" },
  ipv6: { type: layout.TYPE_IPV6, width: 16, writer: "writeIpv6" },
  enum: { type: layout.TYPE_ENUM, width: 0, writer: "writeEnum" },
};

/** Room for 64 bytes of slack after the widest value. */
const OUTPUT_BYTES = 16;
const encoder = new TextEncoder();

/** One value written by both: the bytes in hexadecimal, or the error type, or "declined". */
export interface Comparison {
  kernel: string;
  reference: string;
}

/** A column of the kernel and the same of the reference. */
export interface ComparedColumn {
  /** A string of a document. */
  text(value: string): Comparison;
  /** A number of a document, by its JSON text. */
  number(json: string): Comparison;
  /** Any other kind, which no text belongs to. */
  kind(kind: number): string;
  /** `timeMsAt` of stored bytes. */
  timeMs(bytes: Uint8Array): number;
}

/** The writers of values of fixed width that the given files of the kernel export. */
export class ValueWriters {
  readonly #memory: KernelMemory;
  readonly #output: number;

  static async create(...files: string[]): Promise<ValueWriters> {
    return new ValueWriters(await KernelMemory.create(...files));
  }

  private constructor(memory: KernelMemory) {
    this.#memory = memory;
    this.#output = memory.allocate(OUTPUT_BYTES);
  }

  /** To be called after the last `column`. */
  open(): void {
    this.#memory.allocateInput(4_096);
  }

  column(typeText: string, format: TimeFormat = "auto"): ComparedColumn {
    const type = parseColumnType(typeText);
    const { writer, width } = kinds[type.kind]!;
    const byteLength = type.kind === "enum" ? type.bits / 8 : width;
    const node = this.#writeNode(type, format, byteLength);
    const write = this.#memory.exports[writer] as Writer;
    const reference = compileColumn({
      name: "c",
      type,
      source: { kind: "document", names: ["c"] },
      timeFormat: format,
      missing: { kind: "typeDefault" },
      coercion: "strict",
    });
    const out = new ByteWriter(64);

    const byKernel = (kind: number, text: string): string => {
      const { start, end } = this.#memory.place(encoder.encode(text));
      const outcome = write(node, kind, start, end, this.#output);
      if (outcome !== layout.OK) return errorTypes[outcome] ?? `outcome ${outcome}`;
      return hex(this.#memory.bytes.subarray(this.#output, this.#output + byteLength));
    };
    const byReference = (value: unknown, source: string | undefined): string => {
      out.offset = 0;
      try {
        reference(out, value, {
          sourceText: () => source,
          mayHideFraction: () => true,
          isFloat: () => source !== undefined && isFloatText(source),
          coerced: () => {},
        });
      } catch (error) {
        if (error instanceof FieldError) return error.errorType;
        throw error;
      }
      return hex(out.bytes.subarray(0, out.offset));
    };
    return {
      text: (value) => ({ kernel: byKernel(layout.KIND_STRING, value), reference: byReference(value, undefined) }),
      number: (json) => ({
        kernel: byKernel(layout.KIND_NUMBER, json),
        reference: byReference(JSON.parse(json), json),
      }),
      kind: (kind) => byKernel(kind, ""),
      timeMs: (bytes) => {
        this.#memory.bytes.set(bytes, this.#output);
        return Number((this.#memory.exports.timeMsAt as (node: number, at: number) => bigint)(node, this.#output));
      },
    };
  }

  #writeNode(type: ColumnType, format: TimeFormat, width: number): number {
    const zone = type.kind === "dateTime" || type.kind === "dateTime64" ? zoneTable(type.timeZone) : undefined;
    const zoneAddress = zone === undefined ? 0 : this.#writeZone(zone);
    const node = this.#memory.allocate(layout.NODE_BYTES);
    const view = new DataView(this.#memory.bytes.buffer);
    view.setUint8(node + layout.NODE_TYPE, kinds[type.kind]!.type);
    view.setUint8(node + layout.NODE_SCALE, type.kind === "dateTime64" ? type.scale : 0);
    view.setUint8(node + layout.NODE_TIME_FORMAT, timeFormatWords[format]);
    view.setUint32(node + layout.NODE_WIDTH, width, true);
    view.setUint32(node + layout.NODE_ZONE, zoneAddress, true);
    if (type.kind === "enum") this.#writeEntries(node, type.values);
    return node;
  }

  #writeZone(table: Uint8Array): number {
    const address = this.#memory.allocate(table.length);
    this.#memory.bytes.set(table, address);
    return address;
  }

  #writeEntries(node: number, values: { name: string; value: number }[]): void {
    const table = this.#memory.allocate(values.length * layout.ENUM_ENTRY_BYTES);
    new DataView(this.#memory.bytes.buffer).setUint32(node + layout.NODE_TABLE, table, true);
    new DataView(this.#memory.bytes.buffer).setUint32(node + layout.NODE_TABLE_COUNT, values.length, true);
    for (const [index, { name, value }] of values.entries()) {
      const bytes = encoder.encode(name);
      const address = this.#memory.allocate(bytes.length);
      this.#memory.bytes.set(bytes, address);
      const entry = table + index * layout.ENUM_ENTRY_BYTES;
      const view = new DataView(this.#memory.bytes.buffer);
      view.setInt32(entry, value, true);
      view.setUint32(entry + 4, bytes.length, true);
      view.setUint32(entry + 8, address, true);
    }
  }
}

function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += (byte + 256).toString(16).slice(1);
  return text;
}
