import type { ClickHouseClient } from "@clickhouse/client";

/** What a source gave back: rows of SQL, or series of PromQL. */
export interface Answer {
  rows: number;
  /** All numbers by column; those of PromQL under `*`. */
  numbers: Readonly<Record<string, readonly number[]>>;
  /** Of PromQL: the labels of each series. */
  labels?: readonly Readonly<Record<string, string>>[];
}

export async function askClickHouse(client: ClickHouseClient, query: string): Promise<Answer> {
  // A UInt64 within quotes would be a text; NaN and infinity would be null.
  const result = await client.query({
    query,
    format: "JSON",
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0, output_format_json_quote_denormals: 1 },
  });
  const { meta = [], data } = await result.json<Record<string, unknown>>();
  const isNumber = (type: string) => /^(Nullable\()?(U?Int|Float|Decimal)/.test(type);
  const numbers = Object.fromEntries(
    meta.filter(({ type }) => isNumber(type)).map(({ name }) => [name, data.map((row) => numberOf(row[name]))]),
  );
  return { rows: data.length, numbers };
}

/** `nan` and `inf` come as text. An empty cell is no number, which no bounds contain. */
function numberOf(value: unknown): number {
  return value === null ? Number.NaN : Number(value);
}

interface Series {
  metric: Record<string, string>;
  value?: [number, string];
  values?: [number, string][];
}

/** @param range undefined: at one instant, `toMs` */
export async function askPrometheus(
  url: string,
  query: string,
  toMs: number,
  range: { fromMs: number; stepS: number } | undefined,
): Promise<Answer> {
  const to = String(toMs / 1000);
  const parameters =
    range === undefined
      ? { query, time: to }
      : { query, start: String(range.fromMs / 1000), end: to, step: String(range.stepS) };
  const path = range === undefined ? "query" : "query_range";
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const { status, error, data } = (await response.json()) as {
    status: string;
    error?: string;
    data: { result: Series[] };
  };
  if (status !== "success") throw new Error(error);
  // A gap in a chart is no value: a quantile of no records is NaN.
  const series = data.result
    .map(({ metric, value, values }) => ({
      metric,
      values: (values ?? [value!]).map(([, text]) => Number(text)).filter((number) => !Number.isNaN(number)),
    }))
    .filter(({ values }) => values.length > 0);
  return {
    rows: series.length,
    numbers: { "*": series.flatMap(({ values }) => values) },
    labels: series.map(({ metric }) => metric),
  };
}
