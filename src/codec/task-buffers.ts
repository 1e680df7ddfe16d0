import { pooledLength } from "../core/buffer-pool.ts";
import type { EncodedRows, TaskSection, TranscodeTask } from "./task.ts";

/** The bytes of each batch, in order. One that its buffer is too short for comes cut off. */
export function batchesOf({ buffers, batches }: TranscodeTask): Uint8Array<ArrayBuffer>[] {
  return batches.map(({ buffer: index, start, byteLength }) => {
    const buffer = buffers[index]!;
    return new Uint8Array(buffer, start, Math.min(byteLength, buffer.byteLength - start));
  });
}

/** Batches back to back in one buffer, as a task has them. `receivedMs`: ms since 1970. */
export function packBatches(
  batches: readonly Uint8Array[],
  receivedMs: number,
): Pick<TranscodeTask, "buffers" | "batches"> {
  const bytes = new Uint8Array(batches.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  const spans = batches.map((batch) => {
    const start = end;
    bytes.set(batch, start);
    end += batch.length;
    return { buffer: 0, start, byteLength: batch.length, receivedMs };
  });
  return { buffers: [bytes.buffer], batches: spans };
}

export interface TaskBatch {
  bytes: Uint8Array<ArrayBuffer>;
  /** When the main thread received it, ms since 1970. */
  receivedMs: number;
}

/** Each section with its batches, in order. @throws Error when the sections do not have just the task's batches. */
export function batchesBySection(task: TranscodeTask): { section: TaskSection; batches: TaskBatch[] }[] {
  const all = batchesOf(task).map(
    (bytes, index): TaskBatch => ({ bytes, receivedMs: task.batches[index]!.receivedMs }),
  );
  let end = 0;
  const parts = task.sections.map((section) => {
    const first = end;
    end += section.batchCount;
    return { section, batches: all.slice(first, end) };
  });
  // A batch without a section would be lost without a word.
  if (end !== all.length) throw new Error(`The task has ${all.length} batches, its sections have ${end}`);
  return parts;
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
