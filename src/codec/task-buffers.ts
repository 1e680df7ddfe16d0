import { pooledLength } from "../core/buffer-pool.ts";
import type { EncodedRows, TranscodeTask } from "./task.ts";

/** The bytes of each batch, in order. One that the input is too short for comes cut off. */
export function batchesOf({ input, further = [], batches }: TranscodeTask): Uint8Array<ArrayBuffer>[] {
  let buffer = input;
  let furtherUsed = 0;
  let start = 0;
  return batches.map(({ byteLength }) => {
    if (start + byteLength > buffer.byteLength && furtherUsed < further.length) {
      buffer = further[furtherUsed++]!;
      start = 0;
    }
    const bytes = new Uint8Array(buffer, start, Math.min(byteLength, buffer.byteLength - start));
    start += bytes.length;
    return bytes;
  });
}

/** How long the batches are together. */
export function batchesLength({ batches }: TranscodeTask): number {
  return batches.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** A buffer of at least `byteLength` bytes for output: the spare one if it is long enough, or one that can be reused. */
export function outputBuffer(spare: ArrayBuffer | undefined, byteLength: number): ArrayBuffer {
  return spare !== undefined && spare.byteLength >= byteLength ? spare : new ArrayBuffer(pooledLength(byteLength));
}

/** The task's spare buffer, if the rows do not lie in it. */
export function unusedSpare({ spare }: TranscodeTask, { bytes }: EncodedRows): ArrayBuffer | undefined {
  return bytes.buffer === spare ? undefined : spare;
}
