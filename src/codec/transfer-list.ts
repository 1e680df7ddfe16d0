import type { TranscodeResult } from "./task.ts";

/** The buffers of a result, each once: moving them to the main thread costs nothing, cloning them would cost a copy. */
export function transferListOf(result: TranscodeResult): ArrayBuffer[] {
  const buffers = [...result.buffers];
  if (result.spare !== undefined) buffers.push(result.spare);
  for (const { bytes, rowStarts, offsets, sectionRows } of [result.rows, result.deadLetters]) {
    buffers.push(bytes.buffer, rowStarts.buffer, offsets.buffer, sectionRows.buffer);
  }
  for (const { produce, fetch, eventAge, recordAge } of result.latency) {
    buffers.push(produce.buffer, fetch.buffer, eventAge.buffer, recordAge.buffer);
  }
  return buffers;
}
