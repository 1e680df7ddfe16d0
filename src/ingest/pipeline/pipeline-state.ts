import type { ClickHouseClient } from "@clickhouse/client";
import { abortableClient } from "../../clients/clickhouse/abortable-client.ts";
import { ClickHouseClock } from "../../clients/clickhouse/clock.ts";
import { systemClock } from "../../core/clock.ts";
import type { Origin } from "../../core/origin.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { type Counters, createCounters } from "../../telemetry/counters.ts";
import { EventLoopMeter } from "../../telemetry/event-loop.ts";
import { StageTable } from "../../telemetry/stages.ts";
import type { Epoch } from "../commit/epoch.ts";
import { Failure } from "./failure.ts";
import { FetchTimes } from "./fetch-times.ts";
import { OpenRanges } from "./left-over.ts";
import type { PipelineOptions } from "./pipeline-types.ts";
import { Settling } from "./settling.ts";

/**
 * What the parts of one pipeline share: the half that takes and gives up partitions (assignment-events.ts), and the one
 * through which records flow (intake.ts, bundle-delivery.ts).
 */
export interface PipelineState {
  readonly options: PipelineOptions;
  readonly origin: Origin;
  readonly planByTopic: ReadonlyMap<string, TablePlan>;
  readonly planByKey: ReadonlyMap<string, TablePlan>;
  /** The present assignment: set at a join, undefined once its end has begun. */
  epoch: Epoch | undefined;
  /**
   * Begins no more of what earlier owners have announced, of one plan, which is stopped, or of all: the epoch is ending.
   */
  stopRecovery(planKey?: string): void;
  /** False from the beginning of the drain: nothing is taken any more. */
  isAccepting: boolean;
  readonly failure: Failure;
  /** Aborts when the time to drain is over: whatever is still under way ends. */
  readonly abandon: AbortController;
  /** Aborts at a failure too. */
  readonly givenUp: AbortSignal;
  /** Its requests end with `abandon`. */
  readonly client: ClickHouseClient;
  readonly clickHouseClock: ClickHouseClock;
  /** Resolves when rows may be stored. */
  readonly mayStore: Promise<unknown>;
  readonly openRanges: OpenRanges;
  readonly settling: Settling;
  readonly counters: Counters;
  /** Latency since the start. */
  readonly total: StageTable;
  readonly eventLoop: EventLoopMeter;
  readonly fetchTimes: FetchTimes;
}

export function createState(options: PipelineOptions): PipelineState {
  const { plans, log, mayStore = Promise.resolve() } = options;
  const failure = new Failure();
  const abandon = new AbortController();
  const givenUp = AbortSignal.any([failure.signal, abandon.signal]);
  const client = abortableClient(options.client, abandon.signal);
  const clickHouseClock = new ClickHouseClock({
    client,
    clock: systemClock,
    signal: givenUp,
    onError: (error) => log.warn({ err: error }, "cannot read ClickHouse's clock, inserts wait"),
  });
  mayStore.catch((error) => failure.fail(error));
  return {
    options,
    origin: { cluster: options.clusterId, group: options.source.groupId },
    planByTopic: new Map(plans.flatMap((plan) => plan.topics.map((topic) => [topic, plan] as const))),
    planByKey: new Map(plans.map((plan) => [plan.key, plan])),
    epoch: undefined,
    stopRecovery: () => {},
    isAccepting: true,
    ...{ failure, abandon, givenUp, client, clickHouseClock, mayStore },
    openRanges: new OpenRanges(),
    settling: new Settling(),
    counters: createCounters(),
    total: new StageTable(64),
    eventLoop: new EventLoopMeter(),
    fetchTimes: new FetchTimes(),
  };
}

/** The plan that reads the topic. */
export function planOf({ planByTopic }: PipelineState, topic: string): TablePlan {
  return planByTopic.get(topic)!;
}
