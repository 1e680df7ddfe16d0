import type { BenchColumn } from "./table.ts";

/** One field of the documents, as a server that parses them itself declares it. */
export type MessageField = BenchColumn;

/** The fields that are stored or needed for what is stored; a server skips `timestamp_ms`, which repeats `ts_ms`. */
export const messageFields: readonly MessageField[] = [
  { name: "event_id", type: "String" },
  { name: "event_name", type: "LowCardinality(String)" },
  { name: "domain", type: "LowCardinality(String)" },
  { name: "ts_ms", type: "Int64" },
  { name: "service", type: "LowCardinality(String)" },
  { name: "request_id", type: "String" },
  { name: "method", type: "LowCardinality(String)" },
  { name: "route_template", type: "LowCardinality(String)" },
  { name: "status_code", type: "Int32" },
  { name: "result", type: "LowCardinality(String)" },
  { name: "api_group", type: "LowCardinality(String)" },
  { name: "user_id", type: "Nullable(String)" },
  { name: "order_id", type: "Nullable(String)" },
  { name: "payment_id", type: "Nullable(String)" },
  { name: "product_id", type: "Nullable(Int32)" },
  { name: "duration_ms", type: "Nullable(UInt32)" },
  { name: "amount", type: "Nullable(Int32)" },
];

/** `name type, …` for CREATE TABLE, Tuple() and input(). */
export function declareFields(fields: readonly MessageField[]): string {
  return fields.map(({ name, type }) => `\`${name}\` ${type}`).join(", ");
}

/**
 * The SELECT list that turns parsed fields into the fact table's columns, coordinates excepted. Of the normalising rules
 * (src/schema/events-pipeline.ts) it has those that change anything for the simulator's well-formed events: the result
 * from the status, and the status from the result.
 *
 * @param field writes the expression of a message field
 */
export function factSelect(field: (name: string) => string): string {
  const result = field("result");
  const status = field("status_code");
  const computed: Record<string, string> = {
    event_ts: `fromUnixTimestamp64Milli(${field("ts_ms")})`,
    result: `multiIf(${result} != '', ${result}, ${status} = 0, 'unknown', ${status} >= 400, 'fail', 'success')`,
    status_code: `multiIf(${status} != 0, ${status}, ${result} = 'fail', 500, ${result} = 'success', 200, 0)`,
  };
  const copied = messageFields.map(({ name }) => name).filter((name) => !(name in computed) && name !== "ts_ms");
  return [
    ...Object.entries(computed).map(([name, expression]) => `${expression} AS ${name}`),
    ...copied.map((name) => `${field(name)} AS ${name}`),
  ].join(",\n  ");
}
