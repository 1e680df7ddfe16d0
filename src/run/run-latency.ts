import type { ClickHouseClient } from "@clickhouse/client";
import type { StartOptions } from "../config/start-options.ts";
import type { Origin } from "../core/origin.ts";
import { FlushStore } from "../telemetry/flush-store.ts";
import { cohortsFlush, type FlushLabels, latencyFlush } from "../telemetry/latency-flush.ts";
import { LatencyInterval } from "../telemetry/latency-interval.ts";
import type { AcknowledgedBundle } from "../telemetry/recorder.ts";
import { instanceName } from "./instance-name.ts";

/** How late the run's records are, and to which minutes they belong, on its way into ClickHouse. */
export class RunLatency {
  readonly #store: FlushStore;
  readonly #labels: FlushLabels;
  #interval = new LatencyInterval();

  constructor(client: ClickHouseClient, origin: Origin, { profile, vcpus }: StartOptions) {
    this.#store = new FlushStore(client);
    this.#labels = { instance: instanceName, origin, profile: profile.name, vcpus };
  }

  record(pipeline: string, stored: AcknowledgedBundle): void {
    this.#interval.record(pipeline, stored);
  }

  /** Stores what was recorded since the last time. @throws what the client throws; it is sent again the next time. */
  flush(): Promise<void> {
    const { stages, cohorts } = this.#interval;
    this.#interval = new LatencyInterval();
    const nowMs = Date.now();
    return this.#store.send([latencyFlush(stages, this.#labels, nowMs), cohortsFlush(cohorts, this.#labels, nowMs)]);
  }
}
