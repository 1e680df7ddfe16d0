import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import { DataqueryBuilder, PromQueryFormat, QueryEditorMode } from "@grafana/grafana-foundation-sdk/prometheus";
import type { PromQuery, SqlQuery, View } from "./panel-row.ts";

/** The two data sources, by the uids that ops/grafana/provisioning gives them. */
export const clickHouse = { type: "grafana-clickhouse-datasource", uid: "millrace-clickhouse" } as const;
export const prometheus = { type: "prometheus", uid: "millrace-prometheus" } as const;

/** A query of the ClickHouse plugin, as its version 4 keeps it. The SDK has no type for it. */
interface ClickHouseQuery extends Dataquery {
  refId: string;
  datasource: typeof clickHouse;
  pluginVersion: string;
  editorType: "sql";
  queryType: "timeseries" | "table";
  /** The same once more, for the plugin's backend: 0 makes a series of each value of a column of text, 1 leaves the rows. */
  format: 0 | 1;
  rawSql: string;
}

export function sqlTarget({ sql }: SqlQuery, view: View, refId: string): Builder<Dataquery> {
  const isSeries = view === "series" || view === "heatmap";
  const query: ClickHouseQuery = {
    refId,
    datasource: clickHouse,
    pluginVersion: "4.0.0",
    editorType: "sql",
    queryType: isSeries ? "timeseries" : "table",
    format: isSeries ? 0 : 1,
    rawSql: sql,
    _implementsDataqueryVariant() {},
  };
  return { build: () => query };
}

export function promTarget({ promql, legend }: PromQuery, view: View, refId: string): Builder<Dataquery> {
  const query = new DataqueryBuilder()
    .refId(refId)
    .datasource(prometheus)
    .editorMode(QueryEditorMode.Code)
    .expr(promql)
    .legendFormat(legend);
  if (view === "heatmap") return query.range().format(PromQueryFormat.Heatmap);
  if (view === "table") return query.instant().format(PromQueryFormat.Table);
  return view === "tile" ? query.instant() : query.range();
}
