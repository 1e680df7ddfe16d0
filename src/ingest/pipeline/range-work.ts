import type { EncodedRows, FieldSample, TranscodeResult, TranscodeTask } from "../../codec/task.ts";
import { MillraceError } from "../../core/errors.ts";
import type { Lease } from "../../core/lease.ts";
import { type Origin, tokenScopeOf } from "../../core/origin.ts";
import type { TablePlan } from "../../schema/plan.ts";
import type { RawRange } from "../dispatch/accumulator.ts";
import { inputBuffers, taskOf, type WorkerPool } from "../dispatch/worker-pool.ts";
import type { Sink, StoreOutcome } from "../sink/sink.ts";
import type { RangeWork } from "./delivery.ts";
import { absentRuns, gapBatch } from "./gap-store.ts";
import type { PublishDeadLetters } from "./pipeline-types.ts";
import type { RangeBuffers, RangeMemory } from "./range-memory.ts";
import type { SharedTables } from "./shared-tables.ts";

/** What all ranges share. */
export interface RangeTools {
  origin: Origin;
  taskFormat: TranscodeTask["format"];
  pool: WorkerPool;
  sink: Sink;
  /** Tables in which rows cannot be looked up. */
  sharedTables: Pick<SharedTables, "has">;
  shared: RangeBuffers;
  /** Tells of rows that were refused as a whole in Native and go again by rows. */
  onRefusedWhole(table: string, answer: unknown): void;
  /** Takes in what a worker saw of a range's fields. @throws MillraceError E_PLAN when the range must not be inserted. */
  checkFields(plan: TablePlan, where: string, fields: FieldSample, rowCount: number): Promise<void>;
  /** Dead letters are in their table: hands them on. Resolves when that is done. */
  publishDeadLetters?: PublishDeadLetters | undefined;
  /** Aborts when the run has failed, or its time to drain is over. */
  givenUp: AbortSignal;
}

/** A range whose rows, dead letters and gaps are stored. */
export interface StoredRange {
  /** Undefined for a range without a record. */
  result: TranscodeResult | undefined;
  /** Rows in the target table. */
  stored: number;
  /** When its first insert was sent, ms since 1970. */
  sentMs: number;
  acknowledgedMs: number;
}

/** The range's records → rows → ClickHouse. */
export function rangeWork(
  tools: RangeTools,
  plan: TablePlan,
  range: RawRange,
  memory: RangeMemory,
): RangeWork<TranscodeResult | undefined, StoredRange> {
  const { pool, sink, shared } = tools;
  const { topic, partition, firstOffset, lastOffset } = range;
  const offsetCount = lastOffset - firstOffset + 1;
  const tokenScope = range.isBare === true ? undefined : tokenScopeOf(tools.origin);

  async function transcode(task: TranscodeTask): Promise<TranscodeResult> {
    const result = await pool.run(task);
    memory.holdResult(result);
    if (result.spare !== undefined) memory.spend(result.spare);
    return result;
  }

  /** The range as a task once more, with the input that came back. */
  function again({ input, further }: TranscodeResult, refusals: StoreOutcome["refusals"]): Promise<TranscodeResult> {
    const task = taskOf({ ...range, buffers: [input, ...(further ?? [])] }, plan.key, "rows");
    return transcode({ ...task, refused: refusals.map((refusal) => ({ ...refusal, section: 0 })) });
  }

  async function storeRows(target: Target, rows: EncodedRows, lease: Lease): Promise<StoreOutcome> {
    const { table, columns, partitionKey, clockDefaults, ingesterClocks } = target;
    const coordinates = (await tools.sharedTables.has(table)) ? undefined : target.coordinates;
    const into = { table, columns, partitionKey, clockDefaults, ingesterClocks, coordinates };
    const announcedMs = range.isReplay ? range.judgedMs : undefined;
    const mergesRows = target === plan && plan.rowLoss?.kind === "merged";
    const members = [{ topic, partition, firstOffset, lastOffset, rowCount: rows.rowCount }];
    const at = { ...into, members, tokenScope, isReplay: range.isReplay, announcedMs, mergesRows };
    // A pipeline that reads dead letters has both in one table.
    const tokenSuffix = target === plan.deadLetters ? "/dead" : "";
    return sink.store({ ...at, ...rows, tokenSuffix }, lease);
  }

  async function storeDeadLetters(rows: EncodedRows, lease: Lease): Promise<void> {
    if (rows.rowCount === 0) return;
    const [refusal] = (await storeRows(plan.deadLetters, rows, lease)).refusals;
    if (refusal === undefined) {
      return tools.publishDeadLetters?.(plan.key, rows, { signal: tools.givenUp, check: () => lease.deadlineMs() });
    }
    throw new MillraceError(
      "E_CLICKHOUSE",
      `Cannot store the dead letter of ${topic}:${partition} offset ${refusal.offset} in ` +
        `${plan.deadLetters.table}: ${refusal.errorMessage}`,
    );
  }

  /** Notes the offsets that will never have a row, so that nobody has to look for it. */
  async function storeGap(recordCount: number, lease: Lease, ...offsets: Float64Array[]): Promise<void> {
    if (recordCount === offsetCount) return;
    const runs = absentRuns(firstOffset, lastOffset, ...offsets);
    if (runs.length === 0) return;
    const ranges = [{ topic, partition, firstOffset, lastOffset, runs }];
    await sink.store(gapBatch({ ...tools.origin, reason: "absent", ranges, tokenScope }), lease);
  }

  return {
    async prepare() {
      if (range.batches.length === 0) return undefined;
      const outputBytes = shared.outputBytes(plan.key, range.byteLength);
      const spare = shared.pool.takeFree(outputBytes);
      memory.holdOutput(outputBytes);
      const result = await transcode({ ...taskOf(range, plan.key, tools.taskFormat), spare });
      shared.noteGrowth(plan.key, range.byteLength, result.rows.bytes.length);
      if (result.fields !== undefined) {
        const where = `${topic}:${partition}, offsets ${firstOffset} to ${lastOffset}`;
        await tools.checkFields(plan, where, result.fields, result.rows.rowCount);
      }
      return result;
    },

    async store(prepared, lease) {
      if (prepared === undefined) {
        await storeGap(0, lease);
        return { result: undefined, stored: 0, sentMs: Date.now(), acknowledgedMs: Date.now() };
      }
      let result = prepared;
      const outcome = await storeRows(plan, result.rows, lease);
      if (outcome.isBodyRead) memory.spend(result.rows.bytes.buffer);
      let { refusals } = outcome;
      if (outcome.refusedWhole !== undefined) {
        tools.onRefusedWhole(plan.table, outcome.refusedWhole);
        result = await again(result, []);
        refusals = (await storeRows(plan, result.rows, lease)).refusals;
      }
      const stored = result.rows.rowCount - refusals.length;
      const { offsets } = result.rows;
      // The same range once more, the refused rows as dead letters: all other rows are stored and stay away.
      if (refusals.length > 0) result = await again(result, refusals);
      await storeDeadLetters(result.deadLetters, lease);
      await storeGap(stored + result.deadLetters.rowCount, lease, offsets, result.deadLetters.offsets);
      for (const buffer of inputBuffers(result)) memory.spend(buffer);
      memory.discard(result);
      return { result, stored, sentMs: outcome.sentMs, acknowledgedMs: Date.now() };
    },
  };
}

type Target = Pick<
  TablePlan,
  "table" | "partitionKey" | "columns" | "clockDefaults" | "ingesterClocks" | "coordinates"
>;
