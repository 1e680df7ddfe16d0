import { hostname } from "node:os";
import type { ClickHouseClient } from "@clickhouse/client";
import type { StartOptions } from "../config/start-options.ts";
import type { Origin } from "../core/origin.ts";
import { LatencyIntervals } from "../telemetry/latency-intervals.ts";
import { LatencyStore } from "../telemetry/latency-store.ts";

/** Latency since the last flush, and where each flush goes. */
export interface RunLatency {
  intervals: LatencyIntervals;
  store: LatencyStore;
}

export function createRunLatency(client: ClickHouseClient, origin: Origin, options: StartOptions): RunLatency {
  const { profile, vcpus } = options;
  const labels = { instance: `${hostname()}:${process.pid}`, origin, profile: profile.name, vcpus };
  return { intervals: new LatencyIntervals(), store: new LatencyStore(client, labels) };
}
