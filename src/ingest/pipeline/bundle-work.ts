import type { FieldSample, TranscodeResult, TranscodeTask } from "../../codec/task.ts";
import { partitionKey } from "../../core/topic-partition.ts";
import type { TablePlan } from "../../schema/plan.ts";
import type { RawBundle } from "../dispatch/raw-bundle.ts";
import { taskOf, type WorkerPool } from "../dispatch/worker-pool.ts";
import { type BundleHistory, BundleInserts, type InsertRight, type InsertTools } from "./bundle-inserts.ts";
import type { BundleBuffers, BundleMemory } from "./bundle-memory.ts";
import type { BundleWork } from "./delivery.ts";
import { rangesText } from "./ranges-text.ts";

/** What all bundles share. */
export interface BundleTools extends InsertTools {
  taskFormat: TranscodeTask["format"];
  pool: WorkerPool;
  shared: BundleBuffers;
  /** Tells of rows that were refused as a whole in Native and go again by rows. */
  onRefusedWhole(table: string, answer: unknown): void;
  /** Takes in what a worker saw of a bundle's fields. @throws MillraceError E_PLAN when it must not be inserted. */
  checkFields(plan: TablePlan, where: string, fields: FieldSample, rowCount: number): Promise<void>;
}

/** A bundle whose rows, dead letters and gaps are stored. */
export interface StoredBundle {
  /** Undefined for one without a record. */
  result: TranscodeResult | undefined;
  /** Rows in the target table. */
  stored: number;
  /** When its first insert was sent, ms since 1970. */
  sentMs: number;
  acknowledgedMs: number;
}

/** The bundle's records → rows → ClickHouse. */
export function bundleWork(
  tools: BundleTools,
  plan: TablePlan,
  bundle: RawBundle,
  history: BundleHistory,
  memory: BundleMemory,
): BundleWork<TranscodeResult | undefined, StoredBundle> {
  const inserts = new BundleInserts(tools, plan, history, bundle.judgedMs);
  let { ranges } = bundle;

  async function transcode(task: TranscodeTask): Promise<TranscodeResult> {
    const result = await tools.pool.run(task);
    memory.holdResult(result);
    if (result.spare !== undefined) memory.spend(result.spare);
    return result;
  }
  /** The bundle as a task once more, with the input that came back. */
  const again = ({ buffers }: TranscodeResult, more: Pick<TranscodeTask, "refused" | "format">) =>
    transcode({ ...taskOf({ ...bundle, ranges, buffers }, more.format), ...more });

  /** Stores the rows; returns how many, and what is left to be stored: the rows that were refused are dead letters then. */
  async function storeRows(prepared: TranscodeResult, right: InsertRight) {
    let result = prepared;
    const outcome = await inserts.storeRows(ranges, result.rows, right);
    if (outcome.isBodyRead) memory.spend(result.rows.bytes.buffer);
    let { refusals } = outcome;
    if (outcome.refusedWhole !== undefined) {
      tools.onRefusedWhole(plan.table, outcome.refusedWhole);
      result = await again(result, { refused: [], format: "rows" });
      refusals = (await inserts.storeRows(ranges, result.rows, right)).refusals;
    }
    const stored = result.rows.rowCount - refusals.length;
    const refused = refusals.map(({ member, ...refusal }) => ({ ...refusal, section: member }));
    // The same bundle once more: all other rows are stored and stay away.
    if (refused.length > 0) result = await again(result, { refused, format: "rows" });
    return { result, stored, sentMs: outcome.sentMs };
  }

  return {
    async prepare() {
      if (bundle.byteLength === 0) return undefined;
      const spare = takeSpare(tools.shared, bundle, memory);
      const result = await transcode({ ...taskOf(bundle, tools.taskFormat), spare });
      const { rows, fields } = result;
      tools.shared.noteGrowth(plan.key, bundle.byteLength, rows.bytes.length);
      if (fields !== undefined) await tools.checkFields(plan, rangesText(ranges), fields, rows.rowCount);
      return result;
    },

    async leaveOut(prepared, gone) {
      const keys = new Set(gone.map(partitionKey));
      ranges = ranges.filter((range) => !keys.has(partitionKey(range)));
      return prepared === undefined ? undefined : again(prepared, { refused: [], format: tools.taskFormat });
    },

    async store(prepared, lease, bundleId) {
      const right = { lease, bundleId };
      if (prepared === undefined) {
        await inserts.storeAbsence(ranges, [], right);
        return { result: undefined, stored: 0, sentMs: Date.now(), acknowledgedMs: Date.now() };
      }
      const { result, ...rows } = await storeRows(prepared, right);
      await inserts.storeDeadLetters(ranges, result.deadLetters, right);
      await inserts.storeAbsence(ranges, [result.rows, result.deadLetters], right);
      for (const buffer of result.buffers) memory.spend(buffer);
      memory.discard(result);
      return { result, ...rows, acknowledgedMs: Date.now() };
    },
  };
}

/** A buffer for the bundle's rows, whose bytes count from now on; undefined: none is free. */
function takeSpare(
  shared: BundleBuffers,
  { planKey, byteLength }: RawBundle,
  memory: BundleMemory,
): ArrayBuffer | undefined {
  const outputBytes = shared.outputBytes(planKey, byteLength);
  const spare = shared.pool.takeFree(outputBytes);
  memory.holdOutput(outputBytes);
  return spare;
}
