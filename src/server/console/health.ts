import type { Phase, Reason } from "../readiness.ts";

export interface Health {
  state: "starting" | "healthy" | "late" | "standing" | "stopping";
  /** The state in words: the page's largest line. */
  title: string;
  /** Why, in a sentence each. */
  reasons: string[];
}

export interface HealthFacts {
  phase: Phase;
  /** What speaks against being ready. */
  reasons: readonly Reason[];
  /** How many pipelines there are. */
  pipelines: number;
  /** Age of the oldest record that is not stored; undefined: not known. */
  oldestSeconds: number | undefined;
  /** Kafka record time → stored, of the last ten seconds; undefined: nothing was stored. */
  pipelineP95Ms: number | undefined;
}

/** The objective: a record is stored within ten seconds of its arrival in Kafka. */
export const LATE_SECONDS = 10;

/** A page's answer to "is it well?". */
export function healthOf({ phase, reasons, pipelines, oldestSeconds, pipelineP95Ms }: HealthFacts): Health {
  const texts = reasons.map(({ text }) => sentence(text));
  if (phase.at === "starting") return { state: "starting", title: "Starting", reasons: texts };
  if (phase.at === "ending") return { state: "stopping", title: "Stopping", reasons: texts };
  if (reasons.length > 0 && reasons.every(({ code }) => code === "unassigned")) {
    return { state: "starting", title: "Joining the group", reasons: texts };
  }
  if (reasons.length > 0) {
    const isOfOne = reasons.every(({ code }) => code === "pipeline_stopped" || code === "table_stalled");
    const isPart = isOfOne && reasons.length < pipelines;
    return { state: "standing", title: isPart ? "Standing still in part" : "Standing still", reasons: texts };
  }
  if (oldestSeconds !== undefined && oldestSeconds > LATE_SECONDS) {
    return {
      ...{ state: "late", title: "Late" },
      reasons: [`The oldest record that is not stored has waited ${Math.round(oldestSeconds)} s in Kafka.`],
    };
  }
  if (pipelineP95Ms !== undefined && pipelineP95Ms > LATE_SECONDS * 1000) {
    return {
      ...{ state: "late", title: "Late" },
      reasons: [`Records take ${Math.round(pipelineP95Ms / 1000)} s from Kafka to ClickHouse (95 of 100 at most).`],
    };
  }
  return { state: "healthy", title: "Healthy", reasons: healthyText(oldestSeconds, pipelineP95Ms) };
}

function healthyText(oldestSeconds: number | undefined, pipelineP95Ms: number | undefined): string[] {
  if (pipelineP95Ms !== undefined) {
    return [`Records are stored ${durationText(pipelineP95Ms)} after they come into Kafka (95 of 100, at most).`];
  }
  return oldestSeconds === 0 ? ["All records that came are stored. None have come in the last ten seconds."] : [];
}

function durationText(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** The name of a table stays as it is. */
function sentence(text: string): string {
  const begun = /^[a-z]+ /.test(text) ? `${text[0]!.toUpperCase()}${text.slice(1)}` : text;
  return `${begun}${/[.!?]$/.test(text) ? "" : "."}`;
}
