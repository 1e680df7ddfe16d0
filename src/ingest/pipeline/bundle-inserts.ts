import type { EncodedRows } from "../../codec/task.ts";
import { MillraceError } from "../../core/errors.ts";
import type { Lease } from "../../core/lease.ts";
import { type Origin, tokenScopeOf } from "../../core/origin.ts";
import { partitionKey } from "../../core/topic-partition.ts";
import type { TablePlan } from "../../schema/plan.ts";
import type { RawRange } from "../dispatch/raw-bundle.ts";
import type { Sink, StoreOutcome } from "../sink/sink.ts";
import { absentGaps, gapBatch } from "./gap-store.ts";
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
  async storeGaps(
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

  async #store(
    ranges: readonly RawRange[],
    target: Target,
    rows: EncodedRows,
    { lease, bundleId }: InsertRight,
  ): Promise<StoreOutcome> {
    const { table, columns, partitionKey, clockDefaults, ingesterClocks } = target;
    const coordinates = (await this.#tools.sharedTables.has(table)) ? undefined : target.coordinates;
    const { isReplay, absentOnly } = this.#history;
    const members = ranges.map(({ topic, partition, firstOffset, lastOffset }, section) => ({
      ...{ topic, partition, firstOffset, lastOffset },
      rowCount: rows.sectionRows[section]!,
    }));
    const batch = {
      ...{ table, columns, partitionKey, clockDefaults, ingesterClocks, coordinates },
      ...{ members, bundleId, tokenScope: this.#tokenScope, isReplay, absentOnly },
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
