import { run } from "../bounds.ts";
import type { PanelRow } from "../panel-row.ts";
import { chosen, increase, newlyCounted, orNone, perSecond } from "../promql.ts";
import { noneSteps } from "../thresholds.ts";

const chart = { view: "series", seeds: ["S1-34"] } as const;
const byTable = (metric: string) => `sum by (table) (${perSecond(metric)})`;
const perInsert = (metric: string) => `${byTable(metric)} / ${byTable("millrace_inserts_total")}`;

/** What goes to ClickHouse, and what came back. */
export const inserts: readonly PanelRow[] = [
  {
    ...{ ...chart, unit: "short" },
    ...{ title: "Inserts per second", term: "insert" },
    says: "Inserts that ClickHouse acknowledged, by table; each makes at least one part.",
    queries: [
      {
        promql: byTable("millrace_inserts_total"),
        legend: "{{table}}",
        expect: { rows: [2, 10], values: { "*": [0, 100] } },
      },
    ],
  },
  {
    ...{ ...chart, unit: "short" },
    ...{ title: "Rows per insert", term: "bundle" },
    says: "Mean of the rows of an insert, by table.",
    queries: [
      {
        promql: perInsert("millrace_insert_rows_total"),
        legend: "{{table}}",
        expect: { rows: [2, 10], values: { "*": [1, 100_000] } },
      },
    ],
  },
  {
    ...{ ...chart, unit: "s" },
    ...{ title: "Duration of an insert", term: "insert" },
    says: "Mean time from the sending of an insert to its acknowledgement, by table.",
    queries: [
      {
        promql: perInsert("millrace_insert_duration_seconds_total"),
        legend: "{{table}}",
        expect: { rows: [2, 10], values: { "*": [0.0001, 60] } },
      },
    ],
  },
  {
    ...{ ...chart, unit: "short" },
    ...{ title: "Failed inserts", term: "repeat" },
    says: "Inserts that failed and were repeated, by what their error means for the next attempt.",
    queries: [
      {
        promql: orNone(`sum by (class) (${newlyCounted("millrace_insert_errors_total")})`),
        legend: "{{class}}",
        expect: { rows: [1, 10], values: { "*": [0, 1_000] }, peak: 1 },
      },
    ],
  },
  {
    ...{ ...chart, unit: "short" },
    ...{ title: "Repeats and obstacles", term: "repeat" },
    says: "Inserts that were repeated, that came too late or that were sent in pieces, and how often ClickHouse said that it is overloaded.",
    queries: (
      [
        ["millrace_insert_repeats_total", "repeated"],
        ["millrace_late_inserts_total", "after their deadline"],
        ["millrace_split_inserts_total", "in pieces"],
        ["millrace_insert_slow_downs_total", "overloaded"],
      ] as const
    ).map(([metric, legend]) => ({
      promql: `sum(${increase(metric)})`,
      legend,
      expect: { rows: [1, 1], values: { "*": [0, 1_000] } } as const,
    })),
  },
  {
    ...{ ...chart, unit: "short", steps: noneSteps },
    ...{ title: "Stalled tables, stopped pipelines", term: "stall" },
    says: "Tables that have taken no rows since an insert into them failed, and pipelines that an error of their own has stopped.",
    queries: [
      {
        promql: `sum(millrace_stalled_tables{${chosen}})`,
        legend: "stalled tables",
        expect: { rows: [1, 1], values: { "*": [0, 5] } },
      },
      {
        promql: `sum(millrace_stopped_pipelines{${chosen}})`,
        legend: "stopped pipelines",
        expect: { rows: [1, 1], values: { "*": [0, 0] } },
      },
    ],
  },
  {
    ...{ ...chart, unit: "short" },
    ...{ title: "What documents needed", term: "coerced" },
    says: "Values that were converted leniently or that nothing reads, and records that the kernel left to the reference.",
    queries: [
      {
        promql: orNone(`sum by (column) (${newlyCounted("millrace_coercions_total")})`),
        legend: "converted: {{column}}",
        expect: { rows: [1, 50], values: { "*": [0, 3 * run.eventsPerSecond] }, peak: 0.01 },
      },
      {
        promql: `sum(${increase("millrace_unknown_fields_total")})`,
        legend: "fields that nothing reads",
        expect: { rows: [1, 1], values: { "*": [0, 100_000] } },
      },
      {
        promql: `sum(${increase("millrace_declined_records_total")})`,
        legend: "left to the reference",
        expect: { rows: [1, 1], values: { "*": [0, 3 * run.eventsPerSecond] } },
      },
    ],
  },
  {
    ...{ ...chart, unit: "short" },
    ...{ title: "Late events", term: "lateness" },
    says: "Rows per second whose event lies more than a minute behind its record, by how far.",
    queries: [
      {
        promql: orNone(`sum by (band) (${perSecond("millrace_late_rows_total")})`),
        legend: "{{band}}",
        expect: { rows: [1, 10], values: { "*": [0, 3 * run.eventsPerSecond] }, peak: 0.01 },
      },
    ],
  },
  {
    ...{ ...chart, unit: "short", steps: noneSteps },
    ...{ title: "Reconciliation", term: "missing" },
    says: "Offsets without a row and rows beyond one for each offset, in all that was compared since the start.",
    queries: [
      {
        promql: `sum(millrace_reconciliation_missing_records{${chosen}})`,
        legend: "missing",
        expect: { rows: [1, 1], values: { "*": [0, 0] } },
      },
      {
        promql: `sum(millrace_reconciliation_duplicate_rows{${chosen}})`,
        legend: "duplicate",
        expect: { rows: [1, 1], values: { "*": [0, 0] } },
      },
    ],
  },
];
