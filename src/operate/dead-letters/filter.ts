import { MillraceError } from "../../core/errors.ts";

/** Which dead letters are meant; what is undefined does not matter. */
export interface LetterFilter {
  /** error_type, one of these. */
  reasons?: string[] | undefined;
  /** When it was rejected (processed_ts), ms since 1970: at or after, before. */
  sinceMs?: number | undefined;
  untilMs?: number | undefined;
  topics?: string[] | undefined;
  partition?: number | undefined;
  /** First and last, both included. */
  offsets?: [first: number, last: number] | undefined;
  pipelines?: string[] | undefined;
  /** One of these pipelines too: those that write into the table that is meant. */
  targets?: string[] | undefined;
  services?: string[] | undefined;
  /** Occurs in the document or in the message. */
  text?: string | undefined;
}

/** A condition and its parameters for @clickhouse/client. */
export interface Condition {
  sql: string;
  params: Record<string, unknown>;
}

/** The filter as a condition on the dead-letter table. */
export function conditionOf(filter: LetterFilter): Condition {
  const [first, last] = filter.offsets ?? [];
  const all: [sql: string, params: Record<string, unknown>][] = [
    ["error_type IN {reasons:Array(String)}", { reasons: filter.reasons }],
    ["processed_ts >= fromUnixTimestamp64Milli({sinceMs:Int64})", { sinceMs: filter.sinceMs }],
    ["processed_ts < fromUnixTimestamp64Milli({untilMs:Int64})", { untilMs: filter.untilMs }],
    ["topic IN {topics:Array(String)}", { topics: filter.topics }],
    ["kafka_partition = {partition:Int32}", { partition: filter.partition }],
    ["kafka_offset BETWEEN {firstOffset:Int64} AND {lastOffset:Int64}", { firstOffset: first, lastOffset: last }],
    ["pipeline IN {pipelines:Array(String)}", { pipelines: filter.pipelines }],
    ["pipeline IN {targets:Array(String)}", { targets: filter.targets }],
    ["ifNull(service, '') IN {services:Array(String)}", { services: filter.services }],
    ["(position(raw_json, {text:String}) > 0 OR position(error_message, {text:String}) > 0)", { text: filter.text }],
  ];
  const used = all.filter(([, params]) => Object.values(params).every((value) => value !== undefined));
  return {
    sql: used.length === 0 ? "true" : used.map(([sql]) => sql).join(" AND "),
    params: Object.assign({}, ...used.map(([, params]) => params)),
  };
}

/** Reads "17" or "17-93". @throws MillraceError E_CONFIG naming `option`. */
export function parseOffsets(option: string, text: string): [first: number, last: number] {
  const match = /^(\d{1,16})(?:-(\d{1,16}))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match !== null && last >= first) return [first, last];
  throw new MillraceError("E_CONFIG", `${option} ${text}: must be an offset such as 17, or a range such as 17-93`);
}
