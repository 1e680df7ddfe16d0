import type { ProfileValues } from "../../src/config/profiles.ts";
import { appendResults } from "../common/result-file.ts";
import type { BenchServers } from "../common/servers.ts";
import { runStep } from "../latency/step.ts";
import { judge } from "../latency/verdict.ts";
import { fillTopics, runDrain } from "./drain-run.ts";
import type { Figures } from "./figures.ts";
import type { Runs } from "./tune-profiles.ts";

/** Long enough that the ramp at its start does not matter, short enough for a hundred of them in ten minutes. */
const DRAIN_SECONDS = 4;
/** Below the 10 s after which the ingester stores its histograms: until then a run has to wait anyway. */
const WARM_UP_SECONDS = 6;
/** Of a few events only the flush interval would show. */
const FIRST_DRAIN_EVENTS = 1_000_000;
const QUICK_EVENTS = 100_000;

export interface RunsOptions {
  vcpus: number;
  quick: boolean;
  /** Events of a drain; undefined: what takes about four seconds. */
  events: number | undefined;
  /** Of a paced run; undefined: 8, or 3 when quick. */
  seconds: number | undefined;
  /** Values of the first, uncounted drain. */
  first: ProfileValues;
  startArgs: readonly string[];
  /** NDJSON that every run is appended to. */
  results: string;
  say(line: string): void;
}

/**
 * Runs with their progress and results written as they happen. The topic is filled once for all drains; a paced run
 * empties it, so the next drain fills it again.
 */
export async function makeRuns(servers: BenchServers, options: RunsOptions): Promise<Runs> {
  const { vcpus, quick, startArgs, say } = options;
  const seconds = options.seconds ?? (quick ? 3 : 8);
  let filled = 0;
  const note = async (kind: string, values: ProfileValues, figures: Figures) => {
    say(`${kind}  ${valuesText(values)}  →  ${figuresText(figures)}`);
    await appendResults(options.results, [{ vcpus, kind, startArgs, values, figures }]);
  };
  const drain = async (values: ProfileValues, events: number) => {
    if (filled === 0) filled = await fillTopics(servers, events);
    return runDrain(servers, { vcpus, events: filled, values, startArgs });
  };
  // Not counted: the first insert of a server compiles its queries and opens its files. Its rate sizes the others.
  const leastEvents = quick ? QUICK_EVENTS : FIRST_DRAIN_EVENTS;
  const first = await drain(options.first, options.events ?? leastEvents);
  const events = options.events ?? Math.max(leastEvents, first.rowsPerSecond * (quick ? 1 : DRAIN_SECONDS));
  if (events > filled) {
    await servers.emptyTopics();
    filled = 0;
  }
  return {
    drainedPerSecond: first.rowsPerSecond,
    async drain(values) {
      const figures = await drain(values, events);
      await note("drain", values, figures);
      return figures;
    },
    async paced(values, eventsPerSecond) {
      filled = 0;
      const step = await runStep(servers, {
        vcpus,
        eventsPerSecond,
        seconds,
        warmUpSeconds: quick ? 0 : WARM_UP_SECONDS,
        profile: "mid",
        values,
        compression: "lz4",
        generatorCores: [],
        patienceMs: 15_000,
        startArgs,
      });
      const { ingester, clickhouse } = step.cpuSeconds;
      const figures: Figures = {
        events: step.replay.acknowledged,
        rowsPerSecond: Math.round((step.replay.acknowledged * 1_000) / step.wallMs),
        cpuMicrosPerRow: Math.round(((ingester + clickhouse) * 1e8) / Math.max(1, step.replay.acknowledged)) / 100,
        ingesterMiB: step.rssMiBMax.ingester,
        clickHouseMiB: step.rssMiBMax.clickhouse,
        e2eP95Ms: step.latencyMs.e2e.p95,
        holds: judge(step, 5_000).holds,
      };
      await note(`${eventsPerSecond}/s`, values, figures);
      return figures;
    },
  };
}

function valuesText(values: ProfileValues): string {
  const { flushRows, flushBytes, flushIntervalMs, workers, insertsMax, bytesMax, insertFormat } = values;
  const mib = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MiB`;
  return `${flushRows} rows, ${mib(flushBytes)}, ${flushIntervalMs} ms, ${workers} workers, ${insertsMax} inserts, budget ${mib(bytesMax)}, ${insertFormat}`;
}

function figuresText({ rowsPerSecond, cpuMicrosPerRow, ingesterMiB, clickHouseMiB, e2eP95Ms }: Figures): string {
  const late = e2eP95Ms === undefined ? "" : `, e2e p95 ${e2eP95Ms} ms`;
  return `${rowsPerSecond} rows/s, ${cpuMicrosPerRow} µs CPU a row, ${ingesterMiB} + ${clickHouseMiB} MiB${late}`;
}
