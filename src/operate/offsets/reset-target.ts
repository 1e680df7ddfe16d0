import { parseTimeMs } from "../../config/parse-values.ts";
import { MillraceError } from "../../core/errors.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";

/** What `--to` says. */
export type ResetTarget =
  | { kind: "earliest" }
  | { kind: "latest" }
  | { kind: "offset"; offset: number }
  | { kind: "relative"; by: number }
  | { kind: "time"; timeMs: number };

/** @throws MillraceError E_CONFIG naming the option and what is allowed. */
export function parseResetTarget(text: string, nowMs: number): ResetTarget {
  if (text === "earliest" || text === "latest") return { kind: text };
  if (/^[+-]\d{1,15}$/.test(text)) return { kind: "relative", by: Number(text) };
  if (/^\d{1,15}$/.test(text)) return { kind: "offset", offset: Number(text) };
  return { kind: "time", timeMs: parseTimeMs("--to", text, nowMs) };
}

export interface PartitionBounds extends TopicPartition {
  logStart: number;
  logEnd: number;
  committed: number | undefined;
}

/**
 * The offset that a partition is set to, within the log's bounds.
 *
 * @param offsetAtTime for a time: the first record at or after it
 * @throws MillraceError E_CONFIG for +N or -N where nothing is committed.
 */
export function resolveTarget(target: ResetTarget, bounds: PartitionBounds, offsetAtTime: number | undefined): number {
  const { logStart, logEnd, committed } = bounds;
  const clamp = (offset: number) => Math.min(logEnd, Math.max(logStart, offset));
  switch (target.kind) {
    case "earliest":
      return logStart;
    case "latest":
      return logEnd;
    case "offset":
      return clamp(target.offset);
    case "time":
      return clamp(offsetAtTime ?? logEnd);
    case "relative":
      if (committed !== undefined) return clamp(committed + target.by);
      throw new MillraceError(
        "E_CONFIG",
        `--to ${target.by > 0 ? "+" : ""}${target.by}: ${bounds.topic}:${bounds.partition} has no committed offset to ` +
          "count from; name an offset, earliest or latest, or leave the partition out with --partition",
      );
  }
}
