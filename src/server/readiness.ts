import { counted } from "../core/counted.ts";
import type { Standing } from "../ingest/pipeline/pipeline-types.ts";
import type { StoppedPipeline } from "../ingest/pipeline/stopped-plans.ts";
import { SILENT_MS } from "../run/run-watch.ts";

/** Why no records are stored at the moment, or not all: for programs by code, for people in words. */
export const reasonCodes = [
  "starting",
  "stopping",
  "failed",
  "kafka_silent",
  "clickhouse_silent",
  "unassigned",
  "pipeline_stopped",
  "table_stalled",
  "nothing_stored",
] as const;

export interface Reason {
  code: (typeof reasonCodes)[number];
  text: string;
}

/** How far the process is: `waiting` for its servers, `running`, or `ending`, and why. */
export type Phase = { at: "starting" } | { at: "running" } | { at: "ending"; reason: string };

/** A bundle takes a second or two. For so long none ends only when an insert is held somewhere, and nobody says why. */
export const NOTHING_STORED_MS = 60_000;

export interface Silence {
  /** Since the last answer. */
  ms: number;
  /** What the server, or the connection, says instead. */
  error: string | undefined;
}

export interface ReadyFacts {
  kafka: Silence;
  clickHouse: Silence;
  standing: Standing;
  stopped: readonly StoppedPipeline[];
  nowMs: number;
}

/** What speaks against sending work here; nothing when all of it is being stored. */
export function reasonsAgainst(phase: Phase, facts: ReadyFacts | undefined): Reason[] {
  if (phase.at === "ending") return [{ code: "stopping", text: `it is being stopped: ${phase.reason}` }];
  if (facts === undefined) {
    return [{ code: "starting", text: "it has not begun: it waits for Kafka and ClickHouse, or prepares the tables" }];
  }
  const { kafka, clickHouse, standing, stopped, nowMs } = facts;
  const reasons: Reason[] = [];
  const add = (code: Reason["code"], text: string) => reasons.push({ code, text });
  if (standing.failure !== undefined) add("failed", standing.failure.message);
  if (kafka.ms > SILENT_MS) add("kafka_silent", silenceText("Kafka", kafka));
  if (clickHouse.ms > SILENT_MS) add("clickhouse_silent", silenceText("ClickHouse", clickHouse));
  if (standing.partitions === undefined) {
    add("unassigned", "no partitions are assigned yet: the consumer group is being joined");
  }
  for (const { pipeline, reason } of stopped) add("pipeline_stopped", `the pipeline ${pipeline} is stopped: ${reason}`);
  for (const { table, sinceMs, reason } of standing.stalled) {
    add("table_stalled", `${table} has taken no rows for ${secondsText(nowMs - sinceMs)}: ${reason}`);
  }
  const { bundlesUnderWay, bundlesStandingMs: standingMs } = standing;
  if (standingMs > NOTHING_STORED_MS) {
    add(
      "nothing_stored",
      `${counted(bundlesUnderWay, "bundle")} under way, and none has ended for ${secondsText(standingMs)}`,
    );
  }
  return reasons;
}

/** The fetch loop comes round many times a second; when Kafka answers and it does not for so long, it never will. */
const STANDING_STILL_MS = 120_000;

/**
 * What speaks for killing the process: it stands still though its servers answer. While Kafka is away the loop waits for
 * it, in the client's own repeats, and a new process would do the same.
 *
 * @param kafkaBackMs how long Kafka has been answering without a break
 */
export function reasonAgainstLife(phase: Phase, fetchMovedMs: number, kafkaBackMs: number): string | undefined {
  if (phase.at !== "running" || Math.min(fetchMovedMs, kafkaBackMs) < STANDING_STILL_MS) return undefined;
  return `nothing was fetched or asked for in ${secondsText(fetchMovedMs)}, and Kafka answers`;
}

function silenceText(server: string, { ms, error }: Silence): string {
  return `${server} has not answered for ${secondsText(ms)}${error === undefined ? "" : `: ${error}`}`;
}

function secondsText(ms: number): string {
  return `${Math.max(0, Math.round(ms / 1000))} s`;
}
