import type { Inflaters } from "../../codec/inflate/inflate.ts";
import { createReferenceTranscoder } from "../../codec/reference/transcoder.ts";
import { packBatches } from "../../codec/task-buffers.ts";
import { compileRowReader } from "../../ingest/dead-letters/row-reader.ts";
import type { TablePlan } from "../../schema/plan.ts";
import type { Letter } from "./letter.ts";
import { recordBatchOf } from "./record-batch.ts";

/** What becomes of a letter under the present plan: a row in the plan's format, or a reason again. */
export type Transcoded =
  | { letter: Letter; row: Uint8Array; errorType?: undefined }
  | { letter: Letter; row?: undefined; errorType: string; errorMessage: string };

export type TranscodeLetter = (letter: Letter) => Transcoded;

const text = new TextDecoder();

/**
 * Runs letters through the reference transcoder, one task each: a letter's lateness is judged at the time of its first
 * rejection (`judgedMs`), which differs from letter to letter. An event that came in time does not become late by lying
 * among the dead letters.
 */
export function createLetterTranscoder(plan: TablePlan, inflaters: Inflaters): TranscodeLetter {
  const transcoder = createReferenceTranscoder(plan, inflaters);
  const readEnvelope = compileRowReader(plan.deadLetters.columns);
  return (letter) => {
    const batch = recordBatchOf(letter);
    const task = {
      planKey: plan.key,
      format: "rows" as const,
      sections: [
        {
          topic: letter.topic,
          partition: letter.partition,
          firstOffset: letter.offset,
          lastOffset: letter.offset,
          batchCount: 1,
        },
      ],
      ...packBatches([batch], Date.now()),
      judgedMs: letter.processedMs,
      refused: [],
    };
    const { rows, deadLetters } = transcoder.run(task, Date.now);
    if (rows.rowCount === 1) return { letter, row: rows.bytes.slice() };
    const [envelope] = readEnvelope(deadLetters);
    return { letter, errorType: readText(envelope?.error_type), errorMessage: readText(envelope?.error_message) };
  };
}

function readText(value: Uint8Array | number | null | undefined): string {
  return value instanceof Uint8Array ? text.decode(value) : String(value ?? "");
}
