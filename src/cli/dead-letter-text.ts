import { counted } from "../core/counted.ts";
import { describeRaw, textOf } from "../ingest/dead-letters/raw-text.ts";
import { type Letter, placeName } from "../operate/dead-letters/letter.ts";
import type { ReplayStepLine } from "../operate/dead-letters/read-history.ts";
import type { LetterGroup, LetterLine } from "../operate/dead-letters/read-letters.ts";
import { type ReplayReport, type SkipReason, sumOf, type Tally } from "../operate/dead-letters/replay-report.ts";

/** UTC, to the millisecond. */
export function formatTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace("T", " ");
}

/** A table for people: one line per pipeline and error_type. */
export function groupLines(groups: readonly LetterGroup[]): { header: string[]; rows: string[][] } {
  return {
    header: ["reason", "pipeline", "letters", "replayed", "first", "last", "topics", "services"],
    rows: groups.map((group) => [
      group.errorType,
      group.pipeline || "-",
      String(group.count),
      String(group.replayed),
      formatTime(group.firstMs),
      formatTime(group.lastMs),
      group.topics.join(","),
      group.services.map((service) => service || "-").join(","),
    ]),
  };
}

/** Two lines a letter: what it is, and the beginning of its document. */
export function letterLines(letters: readonly LetterLine[]): string[] {
  return letters.flatMap((letter) => [
    `${letter.topic} ${letter.partition} ${letter.offset}  ${formatTime(letter.processedMs)}  ${letter.pipeline || "-"}  ` +
      `${letter.errorType}${letter.replayed ? "  (replayed)" : ""}  ${visible(letter.errorMessage)}`,
    `    ${letter.rawBytes} bytes: ${visible(letter.excerpt)}`,
  ]);
}

/** The whole letter, and what replays did about it. */
export function letterPage(letter: Letter, history: readonly ReplayStepLine[]): string {
  const key = letter.key === null ? "none" : (textOf(letter.key) ?? `0x${Buffer.from(letter.key).toString("hex")}`);
  const facts: [string, string | number | null][] = [
    ["reason", letter.errorType],
    ["message", letter.errorMessage],
    ["pipeline", letter.pipeline],
    ["cluster", letter.cluster || "not noted"],
    ["group", letter.group || "not noted"],
    ["record time", formatTime(letter.ingestMs)],
    ["rejected", formatTime(letter.processedMs)],
    ["event time", letter.createdMs === null ? null : formatTime(letter.createdMs)],
    ["source", `${letter.sourceTopic}:${letter.sourcePartition}:${letter.sourceOffset}`],
    ["key", key],
    ["service", letter.service],
    ["event id", letter.eventId],
    ["request id", letter.requestId],
  ];
  const steps = history.map(
    ({ replayedMs, outcome, table, errorType, reason, who, token }) =>
      `  ${formatTime(replayedMs)}  ${outcome} ${[table, errorType, visible(reason), token, `by ${who}`].filter(Boolean).join("  ")}`,
  );
  return [
    placeName(letter),
    ...facts.map(([name, value]) => `  ${name.padEnd(12)}${visible(String(value ?? "-"))}`),
    "",
    `document, ${letter.raw.length} bytes:`,
    describeRaw(letter.raw),
    "",
    steps.length === 0 ? "never replayed" : "replays:",
    ...steps,
  ].join("\n");
}

/** The letter as plain data; its document as text, or as base64 when it is no UTF-8. */
export function letterJson({ key, raw, ...letter }: Letter, history: readonly ReplayStepLine[]): unknown {
  return { ...letter, ...asText("key", key), ...asText("raw", raw), replays: history };
}

function asText(name: string, bytes: Uint8Array | null): Record<string, string | null> {
  if (bytes === null) return { [name]: null };
  const text = textOf(bytes);
  return text === undefined ? { [`${name}Base64`]: Buffer.from(bytes).toString("base64") } : { [name]: text };
}

const skipTexts: Record<SkipReason, string> = {
  dead_letter_pipeline: "left: letters of dead-letter topics are not replayed",
  unknown_pipeline: "left: pipeline not known",
  foreign_topic: "left: topic not read any more",
  batch_corrupt: "left: unreadable record batch",
  rejected_before: "left: rejected too often",
  in_doubt: "left: another replay has them",
  not_stored: "failed: acknowledged, but not stored",
};

/** The end of a replay, for people. */
export function reportLines(report: ReplayReport): string[] {
  const stored = report.dryRun ? "would be stored" : "stored";
  const rejected = report.dryRun ? "would be rejected" : "rejected";
  return [
    ...(report.stopped ? ["stopped by a signal; the same replay again goes on"] : []),
    `${counted(report.taken, "letter")}: ${report.stored} ${stored}, ${report.alreadyThere} in the table already, ` +
      `${sumOf(report.rejected)} ${rejected}, ${sumOf(report.skipped)} left`,
    ...tallyLines(report.rejected, (errorType) => `${rejected}: ${errorType}`),
    ...tallyLines(report.skipped, (reason) => skipTexts[reason as SkipReason]),
  ];
}

function tallyLines(tallies: Partial<Record<string, Tally>>, name: (key: string) => string): string[] {
  return Object.entries(tallies).flatMap(([key, tally]) =>
    tally === undefined ? [] : [`  ${name(key)}: ${tally.count}, e.g. ${visible(tally.example)}`],
  );
}

/** One line, without control characters: a document must not steer the terminal. */
function visible(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}
