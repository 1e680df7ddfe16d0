import type { EncodedRows } from "../../codec/task.ts";
import { MillraceError } from "../../core/errors.ts";
import type { Lease } from "../../core/lease.ts";
import type { OffsetRun } from "../../core/offset-run.ts";
import { type Origin, tokenScopeOf } from "../../core/origin.ts";
import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { bundleIdOf } from "../commit/bundle-id.ts";
import type { RawRange } from "../dispatch/raw-bundle.ts";
import type { Sink, SinkBatch, StoredRun, StoreOutcome } from "../sink/sink.ts";
import { absentGaps, gapBatch, type RangeGap } from "./gap-store.ts";
import { asRanges, lossesOf, withoutStored } from "./lost-records.ts";
import type { PublishDeadLetters } from "./pipeline-types.ts";
import type { SharedTables } from "./shared-tables.ts";

/** What the inserts of all bundles share. */
export interface InsertTools {
  origin: Origin;
  sink: Sink;
  /** Tables in which rows cannot be looked up. */
  sharedTables: Pick<SharedTables, "has">;
  /** Dead letters are in their table: hands them on. Resolves when that is done. */
  publishDeadLetters?: PublishDeadLetters | undefined;
  /** Retention took these records before anybody stored them. */
  onLost(at: TopicPartition, run: OffsetRun): void;
  /** Aborts when the run has failed, or its time to drain is over. */
  givenUp: AbortSignal;
}

/** What is known of a bundle before its first insert here. */
export interface BundleHistory {
  /** An earlier owner has announced it: its rows may be stored already. */
  isReplay: boolean;
  /** Its tokens name neither cluster nor group (Intent). */
  isBare: boolean;
  /** Nobody knows whether it is stored under another token: only what the table lacks is to be stored. */
  absentOnly: boolean;
  /** Keys of those of its partitions that other owners have, who repeat it, too. */
  foreign: ReadonlySet<string>;
}

/** What an insert of a bundle goes under. */
export interface InsertRight {
  lease: Lease;
  /** Undefined: a range alone, which its token names. */
  bundleId: string | undefined;
}

/** The inserts of one bundle: its rows, its dead letters, its gaps. */
export class BundleInserts {
  readonly #tools: InsertTools;
  readonly #plan: TablePlan;
  readonly #history: BundleHistory;
  readonly #judgedMs: number;
  readonly #tokenScope: string | undefined;

  constructor(tools: InsertTools, plan: TablePlan, history: BundleHistory, judgedMs: number) {
    this.#tools = tools;
    this.#plan = plan;
    this.#history = history;
    this.#judgedMs = judgedMs;
    this.#tokenScope = history.isBare ? undefined : tokenScopeOf(tools.origin);
  }

  /** @param rows in the order of the ranges */
  storeRows(ranges: readonly RawRange[], rows: EncodedRows, right: InsertRight): Promise<StoreOutcome> {
    return this.#store(ranges, this.#plan, rows, right);
  }

  /** Stores the dead letters and hands them on. @throws MillraceError E_CLICKHOUSE when one is refused. */
  async storeDeadLetters(ranges: readonly RawRange[], rows: EncodedRows, right: InsertRight): Promise<void> {
    if (rows.rowCount === 0) return;
    const { deadLetters, key } = this.#plan;
    const [refusal] = (await this.#store(ranges, deadLetters, rows, right)).refusals;
    if (refusal === undefined) {
      const { publishDeadLetters, givenUp: signal } = this.#tools;
      return publishDeadLetters?.(key, rows, { signal, check: () => right.lease.deadlineMs() });
    }
    const where = `${partitionKey(ranges[refusal.member]!)} offset ${refusal.offset}`;
    throw new MillraceError(
      "E_CLICKHOUSE",
      `Cannot store the dead letter of ${where} in ${deadLetters.table}: ${refusal.errorMessage}`,
    );
  }

  /** Notes the offsets that will never have a row, so that nobody has to look for them. */
  async storeAbsence(ranges: readonly RawRange[], parts: readonly EncodedRows[], right: InsertRight): Promise<void> {
    await this.#storeGaps(ranges, parts, right);
    await this.storeLost(ranges, right);
  }

  async #storeGaps(
    ranges: readonly RawRange[],
    parts: readonly EncodedRows[],
    { lease, bundleId }: InsertRight,
  ): Promise<void> {
    const gaps = absentGaps(ranges, parts);
    if (gaps.length === 0) return;
    const { origin, sink } = this.#tools;
    const tokenScope = this.#tokenScope;
    await sink.store(gapBatch({ ...origin, reason: "absent", ranges: gaps, tokenScope, bundleId }), lease);
  }

  /**
   * Notes the offsets whose records are gone and were not stored before. Of all ranges: their owners may have learnt from us
   * that the bundle is stored, and never read it. Two that found the same note it under one token.
   */
  async storeLost(ranges: readonly RawRange[], { lease }: InsertRight): Promise<void> {
    const { origin, sink, onLost } = this.#tools;
    const losing = lossesOf(ranges);
    if (losing.length === 0) return;
    const lost = withoutStored(losing, await this.#storedOf(losing));
    const [first] = lost;
    if (first === undefined) return;
    const bundleId = lost.length === 1 ? undefined : bundleIdOf(lost.flatMap(asRanges), this.#judgedMs);
    const gaps = { ...origin, reason: "lost" as const, ranges: lost, tokenScope: this.#tokenScope, bundleId };
    await sink.store(gapBatch(gaps), lease);
    for (const { runs, ...at } of lost) {
      if (!this.#history.foreign.has(partitionKey(at))) for (const run of runs) onLost(at, run);
    }
  }

  /** Which of the offsets are rows or dead letters, as far as the tables can be asked. */
  async #storedOf(losing: readonly RangeGap[]): Promise<StoredRun[]> {
    const spans = losing.map(({ topic, partition, firstOffset, lastOffset }) => ({
      ...{ topic, partition },
      lowestOffset: firstOffset,
      highestOffset: lastOffset,
    }));
    const stored: StoredRun[] = [];
    for (const { table, coordinates } of [this.#plan, this.#plan.deadLetters]) {
      if (coordinates === undefined || (await this.#tools.sharedTables.has(table))) continue;
      stored.push(...((await this.#tools.sink.storedRuns(table, coordinates, spans)) ?? []));
    }
    return stored;
  }

  async #store(
    ranges: readonly RawRange[],
    target: Target,
    rows: EncodedRows,
    { lease, bundleId }: InsertRight,
  ): Promise<StoreOutcome> {
    const { table, columns, partitionKey, clockDefaults, ingesterClocks } = target;
    const coordinates = (await this.#tools.sharedTables.has(table)) ? undefined : target.coordinates;
    const { isReplay, absentOnly, foreign } = this.#history;
    const members = ranges.map(({ topic, partition, firstOffset, lastOffset }, section) => ({
      ...{ topic, partition, firstOffset, lastOffset },
      rowCount: rows.sectionRows[section]!,
    }));
    const batch = {
      ...{ table, columns, partitionKey, clockDefaults, ingesterClocks, coordinates },
      ...{ members, bundleId, tokenScope: this.#tokenScope, isReplay, absentOnly },
      ...{ lacks: lackOf(ranges), isShared: foreign.size > 0 },
      announcedMs: isReplay ? this.#judgedMs : undefined,
      mergesRows: target === this.#plan && this.#plan.rowLoss?.kind === "merged",
      // A pipeline that reads dead letters has both in one table.
      tokenSuffix: target === this.#plan.deadLetters ? "/dead" : "",
    };
    return this.#tools.sink.store({ ...batch, ...rows }, lease);
  }
}

type Target = Pick<
  TablePlan,
  "table" | "partitionKey" | "columns" | "clockDefaults" | "ingesterClocks" | "coordinates"
>;

function lackOf(ranges: readonly RawRange[]): SinkBatch["lacks"] {
  if (ranges.some(({ lost = [] }) => lost.length > 0)) return "some";
  return ranges.some(({ hasHoles }) => hasHoles === true) ? "perhaps" : undefined;
}
