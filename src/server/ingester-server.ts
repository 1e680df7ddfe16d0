import type { Registry } from "prom-client";
import type { Run } from "../run/run.ts";
import { answeringMs } from "../run/run-watch.ts";
import { GcMeter } from "../telemetry/gc-meter.ts";
import type { MetricSource } from "../telemetry/metric-registry.ts";
import { startConsoleFeed } from "./console/console-feed.ts";
import { ingesterRoutes, readyReasons, type ServedIngester } from "./ingester-api.ts";
import { type MetricInput, metricSources } from "./metric-sources.ts";
import type { Phase } from "./readiness.ts";
import { type HttpPlace, serveRoutes } from "./serve.ts";

/** The HTTP server of one ingester. It is open before there is a run, and until the process ends: probes need both. */
export interface IngesterServer {
  url: string;
  /** The run has begun. */
  attach(run: Run): void;
  /** It is to end, or has ended. The first reason stays. */
  ending(reason: string): void;
  close(): Promise<void>;
}

/**
 * Opens it.
 *
 * @throws MillraceError E_CONFIG when the port is taken, or other machines can reach the address and there is no token.
 */
export async function openIngesterServer(place: HttpPlace, version: string): Promise<IngesterServer> {
  let phase: Phase = { at: "starting" };
  let run: Run | undefined;
  const gc = new GcMeter();
  const now = { version, phase: () => phase, run: () => run };
  const reasons = () => readyReasons(now);
  const input: MetricInput = { run: () => run, isReady: () => reasons().length === 0, version, gc };
  const sources = metricSources(input);
  const feed = startConsoleFeed({ ...now, reasons, sources });
  const stop = () => {
    gc.stop();
    feed.stop();
  };
  const ingester: ServedIngester = {
    ...{ ...now, feed },
    kafkaBackMs: () => (run === undefined ? 0 : answeringMs(run.watch.kafka, performance.now())),
    metrics: scraper(sources),
  };
  const server = await serveRoutes(ingesterRoutes(ingester, place.token), place, "millrace start").catch((error) => {
    stop();
    throw error;
  });
  return {
    url: server.url,
    attach(begun) {
      run = begun;
      if (phase.at === "starting") phase = { at: "running" };
      run.watch.begin();
      feed.begin();
    },
    ending(reason) {
      if (phase.at !== "ending") phase = { at: "ending", reason };
    },
    close() {
      stop();
      return server.close();
    },
  };
}

/** Loads what makes the text at the first scrape: most of a demo's runs have none. */
function scraper(sources: readonly MetricSource[]): ServedIngester["metrics"] {
  let loaded: Promise<Registry> | undefined;
  const load = async () => (await import("../telemetry/metric-registry.ts")).createRegistry(sources);
  return async () => {
    loaded ??= load();
    const registry = await loaded;
    return { text: await registry.metrics(), contentType: registry.contentType };
  };
}
