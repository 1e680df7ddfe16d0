import { compilePath, type FieldPath } from "../reference/path.ts";
import * as layout from "./assembly/layout.ts";
import type { Kernel } from "./kernel-exports.ts";
import { zoneTable } from "./zone-table.ts";

/** Puts words, bytes, constants and field lists into the kernel's memory. */
export class PlanWriter {
  readonly kernel: Kernel;
  /** Regions and dictionaries of all nodes: what a task begins with empty. */
  readonly streams: number[] = [];
  readonly dictionaries: number[] = [];
  readonly #encoder = new TextEncoder();
  readonly #slots = new Map<string, number>();
  readonly #zones = new Map<string, number>();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** Bytes of a row: its facts, the slots so far, and one for what nothing reads. */
  get rowBytes(): number {
    return layout.ROW_SLOTS + (this.#slots.size + 1) * layout.SLOT_BYTES;
  }

  allocate(bytes: number): number {
    return this.kernel.exports.allocate(bytes);
  }

  setWord(address: number, value: number): void {
    this.kernel.view.setUint32(address, value, true);
  }

  setLong(address: number, value: number): void {
    this.kernel.view.setBigInt64(address, BigInt(Math.trunc(value)), true);
  }

  words(values: number[]): number {
    const address = this.allocate(Math.max(4, values.length * 4));
    for (const [index, value] of values.entries()) this.setWord(address + index * 4, value);
    return address;
  }

  text(value: string): { start: number; length: number } {
    const bytes = this.#encoder.encode(value);
    const start = this.allocate(Math.max(1, bytes.length));
    this.kernel.bytes.set(bytes, start);
    return { start, length: bytes.length };
  }

  /** The table of a zone, one for all columns in it; 0 for UTC. */
  zone(timeZone: string | undefined): number {
    const table = zoneTable(timeZone);
    if (timeZone === undefined || table === undefined) return 0;
    let address = this.#zones.get(timeZone);
    if (address === undefined) {
      address = this.allocate(table.length);
      this.kernel.bytes.set(table, address);
      this.#zones.set(timeZone, address);
    }
    return address;
  }

  /** The slot of a top-level key, as its offset in a row; the same key always has the same. */
  slotOf(key: string): number {
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = layout.ROW_SLOTS + this.#slots.size * layout.SLOT_BYTES;
      this.#slots.set(key, slot);
      const { start, length } = this.text(key);
      this.kernel.exports.addPlanKey(start, length, slot);
    }
    return slot;
  }

  /** A field list, in the order in which names are looked up (src/codec/reference/path.ts; layout in assembly/path.ts). */
  fieldList(names: string[], readNames?: ReadonlySet<string>): number {
    const entries = names.flatMap((name) => {
      const { literal, heads } = compilePath(name, readNames);
      const written = new Map<FieldPath, number>();
      const nested = heads.map(({ key, rest, blocks }) => [
        this.slotOf(key),
        this.#rest(rest, written),
        blocks ? 1 : 0,
      ]);
      return [[this.slotOf(literal[0]), 0, 0], ...nested];
    });
    return this.words([entries.length, ...entries.flat()]);
  }

  /** The only slot of a list of one name without dots; 0 when a field has to be searched for. */
  singleSlot(names: string[]): number {
    const [name] = names;
    return names.length === 1 && !name!.includes(".") ? this.slotOf(name!) : 0;
  }

  /** What is left of a name inside of an object. Names share what is left of them, however they began. */
  #rest(path: FieldPath, written: Map<FieldPath, number>): number {
    let address = written.get(path);
    if (address === undefined) {
      const { start, length } = this.text(path.literal[0]);
      const heads = path.heads.map(({ key, rest, blocks }) => {
        const text = this.text(key);
        return [text.length, text.start, this.#rest(rest, written), blocks ? 1 : 0];
      });
      address = this.words([length, start, heads.length, ...heads.flat()]);
      written.set(path, address);
    }
    return address;
  }

  /** Constant slots side by side. PRECONDITION: `isConstant` of each. */
  constants(values: unknown[]): number {
    const address = this.allocate(Math.max(1, values.length) * layout.SLOT_BYTES);
    for (const [index, value] of values.entries()) {
      const { start, length } = this.text(typeof value === "string" ? value : JSON.stringify(value));
      const slot = address + index * layout.SLOT_BYTES;
      this.setWord(slot + layout.SLOT_KIND, kindOf(value));
      this.setWord(slot + layout.SLOT_START, start);
      this.setWord(slot + layout.SLOT_END, start + length);
    }
    return address;
  }
}

/**
 * True for what JSON can say without loss: a YAML file can hold more (.inf, dates), and the text of a whole number beyond
 * 2^53 is rounded to another one.
 */
export function isConstant(value: unknown): boolean {
  if (typeof value === "number") return Number.isInteger(value) ? isExactInteger(value) : Number.isFinite(value);
  if (typeof value === "string") return value.isWellFormed();
  if (value === null || typeof value === "boolean") return true;
  if (Array.isArray(value)) return value.every(isConstant);
  if (typeof value !== "object" || value === undefined) return false;
  return Object.getPrototypeOf(value) === Object.prototype && Object.entries(value).flat().every(isConstant);
}

function kindOf(value: unknown): number {
  if (value === null) return layout.KIND_NULL;
  if (value === true) return layout.KIND_TRUE;
  if (value === false) return layout.KIND_FALSE;
  if (typeof value === "number") return layout.KIND_NUMBER;
  if (typeof value === "string") return layout.KIND_STRING;
  return Array.isArray(value) ? layout.KIND_ARRAY : layout.KIND_OBJECT;
}

function isExactInteger(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}
