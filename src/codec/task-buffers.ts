import { pooledLength } from "../core/buffer-pool.ts";
import type { EncodedRows, TranscodeTask } from "./task.ts";

/** The bytes of the task's batches: its input may be longer. */
export function inputOf({ input, batches }: TranscodeTask): Uint8Array<ArrayBuffer> {
  const byteLength = batches.reduce((sum, span) => sum + span.byteLength, 0);
  return new Uint8Array(input, 0, Math.min(input.byteLength, byteLength));
}

/** A buffer of at least `byteLength` bytes for output: the spare one if it is long enough, or one that can be reused. */
export function outputBuffer(spare: ArrayBuffer | undefined, byteLength: number): ArrayBuffer {
  return spare !== undefined && spare.byteLength >= byteLength ? spare : new ArrayBuffer(pooledLength(byteLength));
}

/** The task's spare buffer, if the rows do not lie in it. */
export function unusedSpare({ spare }: TranscodeTask, { bytes }: EncodedRows): ArrayBuffer | undefined {
  return bytes.buffer === spare ? undefined : spare;
}
