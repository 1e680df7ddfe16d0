import type { ClickHouseClient } from "@clickhouse/client";
import type { Admin } from "kafkajs";
import type { Logger } from "pino";
import type { PartitionOffsets } from "../clients/kafka/offsets.ts";
import type { StartOptions } from "../config/start-options.ts";
import type { Origin } from "../core/origin.ts";
import type { Pipeline } from "../ingest/pipeline/pipeline-types.ts";
import type { PeriodicReconciliation } from "../operate/reconcile/reconciliation-timer.ts";
import type { TablePlan } from "../schema/plan.ts";
import type { EmbeddedServers } from "./embedded-servers.ts";
import type { RunArrivals } from "./run-arrivals.ts";
import type { RunLatency } from "./run-latency.ts";
import type { RunReader } from "./run-reader.ts";
import type { RunWatch } from "./run-watch.ts";
import type { Shutdown } from "./shutdown.ts";
import type { SimulatorChild } from "./simulator-child.ts";

/** Everything a run needs, connected. */
export interface Run {
  options: StartOptions;
  servers: EmbeddedServers;
  client: ClickHouseClient;
  admin: Admin;
  log: Logger;
  origin: Origin;
  plans: TablePlan[];
  topics: string[];
  /** Offsets when the run began. */
  begin: PartitionOffsets[];
  pipeline: Pipeline;
  /** The comparison of Kafka with ClickHouse that goes on while the run does. */
  reconciliation: PeriodicReconciliation;
  latency: RunLatency;
  arrivals: RunArrivals;
  /** How the servers answer, how far the group is behind: for those who show it. */
  watch: RunWatch;
  /** For who wants to see rows. */
  reader: RunReader;
  /** What the set-up gives, in the doctor's words; undefined until it is examined. */
  guarantee(): string | undefined;
  simulator: SimulatorChild | undefined;
  /** The one deadline over the end of the run. */
  shutdown: Shutdown;
  /** By `performance.now()`. */
  startedMs: number;
  serversReadyMs: number;
  /** Closes everything but the servers. @throws the first error, after the last was closed. */
  close(): Promise<void>;
}
