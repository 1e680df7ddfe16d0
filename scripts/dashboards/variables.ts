import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  CustomVariableBuilder,
  QueryVariableBuilder,
  type VariableModel,
  VariableRefresh,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { stages } from "../../src/telemetry/stages.ts";
import { run } from "./bounds.ts";
import { clickHouse, prometheus } from "./sources.ts";

/** A choice above a dashboard. */
export type VariableRow = ListRow | SqlRow | PromRow;

interface ListRow {
  name: string;
  label: string;
  /** What is shown, and what it stands for in queries. */
  choices: readonly (readonly [text: string, value: string])[];
  chosen: string;
}

interface SqlRow {
  name: string;
  label: string;
  sql: string;
  /** How many values a test run gives. */
  values: readonly [least: number, most: number];
}

interface PromRow {
  name: string;
  label: string;
  /** The values of a label of a metric. */
  labelValues: readonly [metric: string, label: string];
  values: readonly [least: number, most: number];
}

const seconds = (text: string, value: number) => [text, String(value)] as const;

export const windowVariable: ListRow = {
  name: "window",
  label: "Window of tiles and tables",
  choices: [seconds("1 min", 60), seconds("5 min", 300), seconds("15 min", 900), seconds("1 h", 3600)],
  chosen: "300",
};

export const stageVariable: ListRow = {
  name: "stage",
  label: "Stage of the heat map",
  choices: stages.map((stage) => [stage, stage] as const),
  chosen: "e2e",
};

export const serviceVariable: SqlRow = {
  name: "service",
  label: "Service",
  sql: "SELECT DISTINCT service FROM analytics.millrace_arrival_10s WHERE $__timeFilter(bucket) ORDER BY service",
  values: [run.services, 20],
};

export const pipelineVariable: SqlRow = {
  name: "pipeline",
  label: "Pipeline",
  sql: "SELECT DISTINCT pipeline FROM analytics.millrace_writers ORDER BY pipeline",
  values: [2, 2],
};

export const instanceVariable: PromRow = {
  name: "instance",
  label: "Instance",
  labelValues: ["millrace_build_info", "instance"],
  values: [1, 1],
};

export function buildVariable(row: VariableRow): Builder<VariableModel> {
  if ("choices" in row) return buildList(row);
  const variable = new QueryVariableBuilder(row.name)
    .label(row.label)
    .multi(true)
    .includeAll(true)
    .current({ text: ["All"], value: ["$__all"] })
    .refresh(VariableRefresh.OnTimeRangeChanged);
  if ("sql" in row) return variable.datasource(clickHouse).query(row.sql).definition(row.sql);
  const query = `label_values(${row.labelValues.join(", ")})`;
  return variable
    .datasource(prometheus)
    .allValue(".+")
    .query({ qryType: 1, query, refId: "PrometheusVariableQueryEditor-VariableQuery" })
    .definition(query);
}

function buildList({ name, label, choices, chosen }: ListRow): Builder<VariableModel> {
  const options = choices.map(([text, value]) => ({ text, value, selected: value === chosen }));
  const current = options.find(({ selected }) => selected);
  if (current === undefined) throw new RangeError(`${name} has no choice ${chosen}`);
  return new CustomVariableBuilder(name)
    .label(label)
    .values(choices.map(([text, value]) => (text === value ? value : `${text} : ${value}`)).join(", "))
    .options(options)
    .current({ text: current.text, value: current.value });
}
