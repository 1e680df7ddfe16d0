import { type ConsoleFeed, startConsoleFeed } from "../console/console-feed.ts";
import { metricSources } from "../metric-sources.ts";

/** A feed of an ingester that has not begun. */
export function feedBeforeRun(): ConsoleFeed {
  const now = { version: "1.2.3", run: () => undefined };
  const gc = { runs: {}, seconds: {} };
  const sources = metricSources({ ...now, isReady: () => false, gc });
  return startConsoleFeed({ ...now, phase: () => ({ at: "starting" }), reasons: () => [], sources });
}
