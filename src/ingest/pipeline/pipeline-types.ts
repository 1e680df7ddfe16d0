import type { ClickHouseClient } from "@clickhouse/client";
import type { Logger } from "pino";
import type { Profile } from "../../config/profiles.ts";
import type { InsertFormat, TranscoderName } from "../../core/transcoding.ts";
import type { TablePlan } from "../../schema/plan.ts";
import type { Counters } from "../../telemetry/counters.ts";
import type { EventLoopMeter } from "../../telemetry/event-loop.ts";
import type { AcknowledgedBundle } from "../../telemetry/recorder.ts";
import type { StageTable } from "../../telemetry/stages.ts";
import type { DeadLetterTopic } from "../dead-letters/topic.ts";
import type { ByteBudget } from "../dispatch/byte-budget.ts";
import type { RawBundle } from "../dispatch/raw-bundle.ts";
import type { WorkerPool } from "../dispatch/worker-pool.ts";
import type { StalledTable } from "../sink/sink.ts";
import type { SourceOptions } from "../source/consumer-source.ts";
import type { UnreadableIntentsPolicy } from "./assignment.ts";
import type { DeliveryObserver } from "./delivery-steps.ts";
import type { FetchTimes } from "./fetch-times.ts";
import type { FieldFigures } from "./field-watch.ts";
import type { LeftOver } from "./left-over.ts";
import type { StoppedPipeline } from "./stopped-plans.ts";

export interface PipelineOptions {
  source: SourceOptions;
  /** The id of the Kafka cluster; "" where the brokers do not tell it. */
  clusterId: string;
  plans: TablePlan[];
  profile: Profile;
  client: ClickHouseClient;
  log: Logger;
  transcoder?: TranscoderName;
  /** Plans that write RowBinaryOptional keep it whatever this says. */
  insertFormat?: InsertFormat;
  /** How long after its last proof of ownership this process may begin an insert, ms (src/ingest/commit/epoch.ts). */
  fenceMs: number;
  /** What to do about commit metadata that another program wrote: stop, or begin without knowing what is in flight. */
  unreadableIntents: UnreadableIntentsPolicy;
  /** Begin also where the table has rows of the same records already, and a repeat would be doubled. */
  allowsDuplicates: boolean;
  /** Told of each bundle that this process has stored, once. It must not throw. */
  onStored?: StoredObserver | undefined;
  /** Told of dead letters that are in their table; the range waits for it. */
  publishDeadLetters?: PublishDeadLetters | undefined;
  /**
   * Resolves when rows may be stored; a rejection fails the pipeline. Until then it joins, fetches and makes rows. Default:
   * at once.
   */
  mayStore?: Promise<unknown>;
  /** For tests that stop the process at a step, or replace the worker. */
  hooks?: PipelineHooks | undefined;
}

export type StoredObserver = (plan: TablePlan, bundle: RawBundle, stored: ObservedBundle) => void;

/** With the dead letters among its records. */
export type ObservedBundle = AcknowledgedBundle & { deadLetters: { rowCount: number } };

/** Repeats what passes as long as `limits` allows: it throws when the range is not this process's any more. */
export type PublishDeadLetters = DeadLetterTopic["send"];

export interface PipelineHooks {
  onStep?: DeliveryObserver;
  workerFile?: URL;
  /** How long an insert may be under way, ms; default: as long as the server lets it. */
  insertMsMax?: number;
}

export interface Standing {
  /** Partitions that are assigned to this process; undefined before the first join and during each. */
  partitions: number | undefined;
  /** Bundles that are cut and not acknowledged. */
  bundlesUnderWay: number;
  /** How long none of them has ended, ms. */
  bundlesStandingMs: number;
  /** Tables that have taken no rows since an insert failed. */
  stalled: StalledTable[];
  /** The error that no retry can help. */
  failure: Error | undefined;
}

export interface Pipeline {
  start(): Promise<void>;
  /**
   * Stops intake, stores and commits what was taken, leaves the group. After `finishMs` what is still under way is let go;
   * returns what was left so. To leave takes one answer of the group's coordinator, which is waited for `leaveMs`: without
   * it the others wait for the session to time out.
   *
   * @throws the first fatal error, if there was one.
   */
  drain(time: { finishMs: number; leaveMs: number }): Promise<LeftOver>;
  /** Ends what was opened, of a pipeline that was not drained: nothing that is under way is waited for. Else it does nothing. */
  close(leaveMs: number): Promise<void>;
  /** Pipelines that an error of their own has stopped, while others go on. */
  stopped(): StoppedPipeline[];
  /** Resolves with the first error that no retry can help, and that leaves no pipeline to go on. */
  readonly failed: Promise<Error>;
  readonly counters: Counters;
  /** What columns and documents have to do with each other, one for each plan, in their order. */
  fields(): FieldFigures[];
  /** Latency since start. */
  readonly total: StageTable;
  readonly budget: ByteBudget;
  /** How it stands at this moment. */
  standing(): Standing;
  readonly fetchTimes: Pick<FetchTimes, "movedMs" | "newest">;
  readonly workers: Pick<WorkerPool, "count" | "queued" | "busyMs">;
  /** How busy this thread was while there was work: from the first fetched batch to the last stored range. */
  readonly eventLoop: EventLoopMeter;
}
