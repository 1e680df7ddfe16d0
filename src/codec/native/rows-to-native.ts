import { ByteWriter } from "../../core/byte-writer.ts";
import type { PlanColumn } from "../../schema/plan.ts";
import { writeText, writeVarUInt } from "../reference/columns/bytes.ts";
import type { EncodedRows } from "../task.ts";
import { outputBuffer } from "../task-buffers.ts";
import { compileNativeColumn } from "./compile-column.ts";

/** Beside the values: names, types, counts. Only a guess: the writer grows. */
const HEADER_BYTES = 4_096;

/**
 * Makes a function that turns RowBinary rows of these columns into one Native block: the number of columns and of rows,
 * then for each column its name, its type, its prefix and its data. What the kernel writes directly comes out of here
 * by way of rows: slower, and easier to read.
 *
 * The rows' `offsets` and `sectionRows` go over to the result. The block lies in `spare` when it fits. PRECONDITION: the rows are RowBinary as the column writers made them.
 *
 * @throws MillraceError E_PLAN for a column type that ClickHouse cannot have.
 */
export function createRowsToNative(columns: PlanColumn[]): (rows: EncodedRows, spare?: ArrayBuffer) => EncodedRows {
  const collectors = columns.map(({ type }) => compileNativeColumn(type));

  function toBlock({ bytes, rowCount }: EncodedRows, spare?: ArrayBuffer): Uint8Array<ArrayBuffer> {
    if (rowCount === 0) return new Uint8Array(0);
    const cursor = { bytes, offset: 0 };
    for (let row = 0; row < rowCount; row++) for (const collector of collectors) collector.take(cursor);
    const capacityBytes = bytes.length + HEADER_BYTES;
    const out = new ByteWriter(capacityBytes, outputBuffer(spare, capacityBytes));
    writeVarUInt(out, columns.length);
    writeVarUInt(out, rowCount);
    for (const [index, { name, type }] of columns.entries()) {
      const collector = collectors[index]!;
      writeText(out, name);
      writeText(out, type.text);
      collector.writePrefix(out);
      collector.writeData(out);
      collector.clear();
    }
    return out.bytes.subarray(0, out.offset);
  }

  return function rowsToNative(rows, spare) {
    return {
      format: "Native",
      bytes: toBlock(rows, spare),
      rowCount: rows.rowCount,
      rowStarts: new Uint32Array(0),
      offsets: rows.offsets,
      sectionRows: rows.sectionRows,
    };
  };
}
