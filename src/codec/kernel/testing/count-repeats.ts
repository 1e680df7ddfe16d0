import { nodeInflaters } from "../../../../workers/inflaters.ts";
import { BATCH_HEADER_BYTES } from "../../../core/record-batch-header.ts";
import { inflate } from "../../inflate/inflate.ts";
import { nextRecord, openRecords, RecordCursor } from "../../records.ts";
import { readBatchHeader } from "../../records-header.ts";
import { eachMember } from "../../reference/json-scan.ts";
import type { TranscodeTask } from "../../task.ts";
import { batchesOf } from "../../task-buffers.ts";

/** How often JSON documents have a key again that they have had before and nobody reads. MessagePack keeps none twice. */
export function countRepeats(task: TranscodeTask, known: Set<string>): number {
  let count = 0;
  const cursor = new RecordCursor();
  for (const batch of batchesOf(task)) {
    try {
      const header = readBatchHeader(batch, 0, batch.length);
      openRecords(cursor, header, inflate(header.compression, batch.subarray(BATCH_HEADER_BYTES), nodeInflaters));
      while (nextRecord(cursor)) count += countOfDocument(cursor, known);
    } catch {} // the rest of the batch has no documents
  }
  return count;
}

function countOfDocument({ bytes, valueStart, valueEnd }: RecordCursor, known: Set<string>): number {
  let count = 0;
  const keys = new Set(known);
  try {
    let text = new TextDecoder().decode(bytes.subarray(Math.max(0, valueStart), valueEnd));
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "string") text = parsed;
    eachMember(text, text.indexOf("{"), (key) => {
      if (keys.has(key) && !known.has(key)) count++;
      keys.add(key);
    });
  } catch {} // not JSON: it has no members
  return count;
}
