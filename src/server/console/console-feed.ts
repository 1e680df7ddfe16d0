import type { Run } from "../../run/run.ts";
import type { MetricSource } from "../../telemetry/metric-registry.ts";
import type { Phase, Reason } from "../readiness.ts";
import { type ConsoleState, consoleState } from "./console-state.ts";
import { Figures } from "./figures.ts";
import { History, type HistoryDocument, SAMPLE_MS } from "./history.ts";
import { Sampler } from "./sampler.ts";
import { eventText, Viewers } from "./viewers.ts";

export interface FeedInput {
  version: string;
  phase(): Phase;
  run(): Run | undefined;
  reasons(): Reason[];
  sources: readonly MetricSource[];
}

/** Samples the run while the server is open, keeps the last quarter of an hour, and tells open pages. */
export interface ConsoleFeed {
  /** A stream of events; undefined: too many pages are open. `hangUp` ends the connection of one that reads nothing. */
  open(hangUp: () => void): ReadableStream<Uint8Array> | undefined;
  history(): HistoryDocument;
  /** The run has begun: what is counted from now on is in the first sample. */
  begin(): void;
  stop(): void;
}

export function startConsoleFeed(input: FeedInput): ConsoleFeed {
  const viewers = new Viewers();
  const sources = new Map(input.sources.map((source) => [source.row.name, source]));
  let history: History | undefined;
  let sampler: Sampler | undefined;

  const sample = () => {
    const run = input.run();
    const figures = new Figures(sources);
    if (run !== undefined) {
      sampler ??= new Sampler(run);
      const slot = sampler.take(figures, Date.now());
      history ??= new History();
      if (slot !== undefined) history.push(slot);
    }
    // Without a viewer the rest is not even looked at.
    if (viewers.count > 0) viewers.send(eventText("state", stateNow(figures)));
  };
  const stateNow = (figures = new Figures(sources)): ConsoleState => {
    history ??= new History();
    const { version, phase, reasons, run } = input;
    return consoleState({
      ...{ atMs: Date.now(), version, phase: phase(), reasons: reasons(), run: run() },
      ...{ figures, history },
    });
  };
  const timer = setInterval(sample, SAMPLE_MS);
  timer.unref();
  return {
    open: (hangUp) => viewers.add(eventText("state", stateNow()), hangUp),
    begin: sample,
    history: () => (history ?? new History()).document(),
    stop() {
      clearInterval(timer);
      viewers.close();
    },
  };
}
