import type { ThresholdStep } from "./thresholds.ts";

/** A panel as one row of code. Its JSON, its line in docs/dashboards.md and its test are made of it. */
export interface PanelRow {
  title: string;
  view: View;
  /** Grafana's name of a unit: `ms`, `percent`, `short`, … */
  unit: string;
  /** Its definition, in one sentence. */
  says: string;
  /** Where docs/glossary.md says more: the anchor of a term. */
  term: string;
  /** Rows of docs/seeds.md that it answers. */
  seeds?: readonly string[];
  steps?: readonly ThresholdStep[];
  queries: readonly Query[];
  /** Units of the columns of a table that have another than the panel. */
  columnUnits?: Readonly<Record<string, string>>;
  /** What a series is called when the query says it with labels: `${__field.labels.service}`. */
  seriesName?: string;
  /** Shares that add up are stacked. */
  isStacked?: boolean;
  /** The narrowest bucket. */
  interval?: string;
  /** In Grafana's grid of 24 columns; the view's own otherwise. */
  width?: number;
}

/** One number; a chart over time; a table; counts by time and size. */
export type View = "tile" | "series" | "table" | "heatmap";

export type Query = SqlQuery | PromQuery;

/** What the source gives back in a run that was made for the test (scripts/panels), both ends included. */
export interface Bounds {
  /** Rows of SQL; series of PromQL. */
  rows: readonly [least: number, most: number];
  /** Values by column; of PromQL, and of all columns of numbers without a name, under `*`. */
  values?: Readonly<Record<string, readonly [least: number, most: number]>>;
  /** The greatest of all values is at least this: it really went up. */
  peak?: number;
  /** Why a run of a minute may leave it empty, where something else in the panel is not. */
  mayBeEmpty?: string;
}

export interface SqlQuery {
  sql: string;
  expect: Bounds;
}

export interface PromQuery {
  promql: string;
  /** What a series is called; with labels in double braces. */
  legend: string;
  expect: Bounds;
}

export function isSql(query: Query): query is SqlQuery {
  return "sql" in query;
}
