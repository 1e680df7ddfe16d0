import { z } from "zod";
import { stages } from "../telemetry/stages.ts";
import { reasonCodes } from "./readiness.ts";

/** What `/api/status`, `/healthz` and `/readyz` answer: checked against these, and described by them (openapi.ts). */

const count = z.number().min(0);
const reason = z.strictObject({ code: z.enum(reasonCodes), text: z.string() });

export const healthSchema = z
  .strictObject({
    status: z.enum(["alive", "standing still"]),
    reason: z.string().optional().describe("In words; only for callers that show the token"),
  })
  .describe("Whether the process moves");

export const readySchema = z
  .strictObject({
    status: z.enum(["ready", "not ready"]),
    reasons: z.array(reason).optional().describe("Why not; only for callers that show the token"),
  })
  .describe("Whether records are being stored");

export const refusalSchema = z.strictObject({ detail: z.string() }).describe("Why the caller gets nothing");

const latency = z.strictObject({ count, p50: count, p95: count, p99: count, max: count });

const partition = z.strictObject({
  ...{ topic: z.string(), partition: count },
  committed: count.nullable().describe("Next offset to read; null when the group has committed nothing"),
  ...{ logEnd: count, lag: count },
  oldestUnreadSeconds: count.nullable().describe("Age of the oldest record that is not committed; null: not known"),
});

const run = z.strictObject({
  profile: z.strictObject({
    ...{ name: z.string(), vcpus: count, workers: count, insertsMax: count },
    origin: z.string(),
  }),
  ...{ transcoder: z.string(), insertFormat: z.string(), group: z.string(), topics: z.array(z.string()) },
  guarantee: z.string().nullable().describe("What the set-up gives; null until it is examined"),
  ...{ seconds: count, stored: count, storedPerSecond: count, dead: count },
  produced: count.nullable().describe("Events that the simulator has sent; null without one"),
  deadByType: z.record(z.string(), count),
  unread: count.describe("Topics and partitions that should be read and are not"),
  lag: z
    .strictObject({
      records: count,
      oldestUnreadSeconds: count.nullable(),
      partitions: z.array(partition).describe("The 1,000 with the greatest lag"),
    })
    .nullable()
    .describe("Null while Kafka does not answer"),
  latencyMs: z.strictObject(Object.fromEntries(stages.map((stage) => [stage, latency]))),
  budget: z.strictObject({ usedBytes: count, limitBytes: count, peakBytes: count, isPaused: z.boolean() }),
  assignedPartitions: count.nullable().describe("Null during a rebalance"),
  bundlesUnderWay: count,
  stoppedPipelines: z.array(
    z.strictObject({ pipeline: z.string(), table: z.string(), topics: z.array(z.string()), reason: z.string() }),
  ),
  stalledTables: z.array(z.strictObject({ table: z.string(), seconds: count, reason: z.string() })),
  reconciliation: z.strictObject({
    ...{ checks: count, failures: count, missing: count, duplicate: count, checkedOffsets: count },
    ageSeconds: count.nullable().describe("Since the last comparison; null before the first"),
  }),
});

export const statusSchema = z
  .strictObject({
    version: z.string(),
    runtime: z.string(),
    phase: z.enum(["starting", "running", "ending"]),
    ready: z.boolean(),
    reasons: z.array(reason),
    run: run.nullable().describe("Null until the servers answer"),
  })
  .describe("What the status line and the end report say, now");

export type StatusDocument = z.infer<typeof statusSchema>;
export type RunDocument = z.infer<typeof run>;
