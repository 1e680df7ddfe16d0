import type { EncodedRows, TranscodeResult, Transcoder, TranscodeTask } from "../../task.ts";
import { batchesBySection, packBatches, type TaskBatch } from "../../task-buffers.ts";

/** Each section of a task as a task of its own. */
export function tasksOfSections(task: TranscodeTask): TranscodeTask[] {
  return batchesBySection(task).map(({ section, batches }, index) => ({
    ...task,
    sections: [section],
    ...packed(batches),
    refused: task.refused.flatMap((row) => (row.section === index ? [{ ...row, section: 0 }] : [])),
    spare: undefined,
  }));
}

function packed(batches: TaskBatch[]): Pick<TranscodeTask, "buffers" | "batches"> {
  const { buffers, batches: spans } = packBatches(
    batches.map(({ bytes }) => bytes),
    0,
  );
  return { buffers, batches: spans.map((span, index) => ({ ...span, receivedMs: batches[index]!.receivedMs })) };
}

/**
 * How a task's result differs from those of its sections, each run as a task of its own, one after another; empty when it
 * does not. PRECONDITION: the format is `rows`.
 */
export function compareSections(transcoder: Transcoder, task: TranscodeTask, nowMs: () => number): string {
  const whole = transcoder.run(task, nowMs);
  const parts = tasksOfSections(task).map((each) => transcoder.run(each, nowMs));
  const recordCount = parts.reduce((sum, part) => sum + part.recordCount, 0);
  if (whole.recordCount !== recordCount) return `${whole.recordCount} records, its sections alone have ${recordCount}`;
  return compareJoined(whole, parts, "rows") || compareJoined(whole, parts, "deadLetters");
}

function compareJoined(whole: TranscodeResult, parts: TranscodeResult[], what: "rows" | "deadLetters"): string {
  const found = textsOf([whole[what]]);
  const wanted = textsOf(parts.map((part) => part[what]));
  const different = (Object.keys(found) as (keyof typeof found)[]).find((name) => found[name] !== wanted[name]);
  return different === undefined ? "" : `${what}: other ${different} than of its sections alone, one after another`;
}

function textsOf(rows: EncodedRows[]) {
  return {
    bytes: Buffer.concat(rows.map(({ bytes }) => bytes)).toString("base64"),
    offsets: rows.flatMap(({ offsets }) => [...offsets]).join(),
    sectionRows: rows.flatMap(({ sectionRows }) => [...sectionRows]).join(),
    lengths: rows.flatMap(({ rowStarts }) => [...rowStarts.slice(1)].map((end, row) => end - rowStarts[row]!)).join(),
  };
}
