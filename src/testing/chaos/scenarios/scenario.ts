import {
  describeInserts,
  describeRecords,
  describeWrong,
  fenceFindings,
  judgeRecords,
  recordFindings,
} from "../judgement.ts";
import { type Load, SHARE_OF_RATE_MIN } from "../load.ts";
import { untilCommitted } from "../progress.ts";
import { ingesters, type Rig, type RunTerms } from "../rig.ts";
import type { IngesterEnd, StartedIngester } from "./started-ingester.ts";

export interface ScenarioTerms extends RunTerms {
  seed: number;
  eventsPerSecond: number;
  /** How long ClickHouse is away in `clickhouse-outage`. */
  outageSeconds: number;
}

/** What came of a scenario. */
export interface ScenarioResult {
  scenario: string;
  broker: string;
  /** What is wrong, one line each; none: it has passed. */
  findings: string[];
  /** What was measured: times in ms, memory in bytes. */
  figures: Record<string, unknown>;
  /** The same for people. */
  lines: string[];
}

const CATCH_UP_PATIENCE_MS = 90_000;
const STOPPED_MS_MAX = 60_000;

/** What the end of a scenario under load has shown. */
export interface Ending {
  findings: string[];
  figures: Record<string, unknown>;
  lines: string[];
  /** Of the ingesters, in their order. */
  ends: IngesterEnd[];
}

/** Ends the load, lets the ingesters catch up and stop, and asks the oracle. */
export async function endAndJudge(
  rig: Rig,
  load: Load,
  running: StartedIngester[],
  { say, signal, eventsPerSecond }: ScenarioTerms,
): Promise<Ending> {
  say("the load ends");
  const produced = await load.finish();
  const findings: string[] = [];
  if (produced.eventsPerSecond < eventsPerSecond * SHARE_OF_RATE_MIN) {
    findings.push(`the load has not held its rate: ${produced.eventsPerSecond}/s of ${eventsPerSecond}/s`);
  }
  const onLag = (lag: number) => say(`lag ${lag}`);
  const settled = await untilCommitted(rig.admin, ingesters, CATCH_UP_PATIENCE_MS, onLag, signal).catch((error) => {
    signal.throwIfAborted();
    findings.push(error instanceof Error ? error.message : String(error));
    return undefined;
  });
  const ends = await stopAll(running, findings);
  say("comparing logs and tables");
  const { grownBehindTheEnd, ...judgement } = await judgeRecords(rig, produced.partitions, settled);
  if (grownBehindTheEnd) findings.push("The logs have grown after the load had ended: who else writes into them?");
  const { produced: events, withheld, eventsPerSecond: reached, durationMs } = produced;
  return {
    ends,
    findings: [...findings, ...fenceFindings(rig.journal), ...recordFindings(judgement)],
    figures: {
      load: { events, withheld, eventsPerSecond: reached, durationMs },
      ...judgement,
      inserts: rig.journal.entries.length,
      repeats: rig.journal.repeats,
      late: rig.journal.late,
    },
    lines: [
      `load        ${reached} events/s for ${(durationMs / 1_000).toFixed(0)} s, ${withheld} not made in time`,
      ...describeInserts(rig.journal),
      ...describeRecords(judgement),
      ...describeWrong(judgement, rig.journal),
    ],
  };
}

/** SIGTERM to all of them; why it did not end well goes into the findings. */
export async function stopAll(running: StartedIngester[], findings: string[]): Promise<IngesterEnd[]> {
  const ends = await Promise.all(running.map((ingester) => ingester.stop(STOPPED_MS_MAX)));
  for (const [index, end] of ends.entries()) findings.push(...badEnd(running[index]!, end));
  return ends;
}

/** Why it did not end as one should that was asked to; empty when it did. */
export function badEnd({ name }: StartedIngester, { how, report, logTail }: IngesterEnd): string[] {
  if (how === "code 0" && report !== undefined) return [];
  return [
    `ingester ${name} ended with ${how}${report === undefined ? ", without a report" : ""}; its log:\n${logTail}`,
  ];
}
