import { MillraceError } from "../../core/errors.ts";
import type { SinkBatch } from "./batch.ts";
import type { Coordinates } from "./coordinates.ts";

/**
 * Why a token does not tell whether its rows are stored: they may be under another one (`alone`: what was a bundle is stored
 * range by range; `lacking`: the first attempt may have been cut at other places), or it may be `forgotten`.
 */
export type Doubt = "alone" | "lacking" | "forgotten";

/** Where to look for rows in the table; undefined: it cannot be asked which it has. */
export function askableBy({
  coordinates,
  mergesRows,
}: Pick<SinkBatch, "coordinates" | "mergesRows">): Coordinates | undefined {
  return mergesRows === true ? undefined : coordinates;
}

/** @param inFlight `where`: the offsets that somebody has to look at */
export function cannotAsk(
  { table, mergesRows, lacks }: Pick<SinkBatch, "table" | "mergesRows" | "lacks">,
  doubt: Doubt,
  { what, sinceMs, where }: { what: string; sinceMs: number; where: string },
): MillraceError {
  const why =
    mergesRows === true
      ? "it merges rows by design, so that one that is not there may have been stored"
      : "its rows do not say which record, of which cluster, they are (kafka_topic, kafka_partition, kafka_offset, kafka_cluster)";
  return new MillraceError(
    "E_INCOMPLETE",
    `${what} is in flight since ${new Date(sinceMs).toISOString()}, and ${textOf(doubt, table, lacks)}; the table ` +
      `cannot be asked: ${why}. Look whether the rows of ${where} are there. If they are: millrace offsets reset to the offset ` +
      "after them, with --discard-intents; if not, or doubled rows do not matter: start once with --allow-duplicates",
  );
}

function textOf(doubt: Doubt, table: string, lacks: SinkBatch["lacks"]): string {
  switch (doubt) {
    case "alone":
      return (
        `nobody knows whether it is stored in ${table}: it was to be inserted together with ranges of other partitions, and ` +
        "their commits do not say any more what became of them"
      );
    case "lacking": {
      const cause = lacks === "some" ? "are gone since (retention, a deleted topic)" : "may be gone since (compaction)";
      return `records of it ${cause}: if ${table} refused a row of it before, a part of the others is stored, and nobody knows which`;
    }
    case "forgotten":
      return `${table}, or a table behind its views, may have forgotten by now whether it was stored (deduplication window)`;
  }
}
