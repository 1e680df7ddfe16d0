import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TableCellDisplayMode,
  VisibilityMode,
} from "@grafana/grafana-foundation-sdk/common";
import { type Panel, ThresholdsConfigBuilder, ThresholdsMode } from "@grafana/grafana-foundation-sdk/dashboard";
import {
  CellValuesBuilder,
  PanelBuilder as HeatmapBuilder,
  YAxisConfigBuilder,
} from "@grafana/grafana-foundation-sdk/heatmap";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as SeriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { isSql, type PanelRow, type View } from "./panel-row.ts";
import { clickHouse, prometheus, promTarget, sqlTarget } from "./sources.ts";
import type { ThresholdStep } from "./thresholds.ts";

type AnyBuilder = StatBuilder | SeriesBuilder | TableBuilder | HeatmapBuilder;

const sizes: Readonly<Record<View, readonly [width: number, height: number]>> = {
  tile: [3, 4],
  series: [8, 8],
  table: [8, 8],
  heatmap: [12, 8],
};

/** Where Grafana itself serves docs/: a copy lies in its folder of static files (ops/grafana/README.md). */
const pages = "/public/millrace";

/** The panel's description, as its corner shows it: the definition and the link to the term. */
export function descriptionOf({ says, term }: PanelRow): string {
  return `${says}\n\n[docs/glossary.md#${term}](${pages}/docs/glossary.md#${term})`;
}

/** One panel as Grafana keeps it. `id` has to stay the same as long as the panel does: links name it. */
export function buildPanel(row: PanelRow, id: number): Builder<Panel> {
  const [width, height] = sizes[row.view];
  const panel = builders[row.view](row)
    .id(id)
    .title(row.title)
    .description(descriptionOf(row))
    .datasource(row.queries.every(isSql) ? clickHouse : prometheus)
    .span(row.width ?? width)
    .height(height);
  for (const [index, query] of row.queries.entries()) {
    const refId = String.fromCharCode(65 + index);
    panel.withTarget(isSql(query) ? sqlTarget(query, row.view, refId) : promTarget(query, row.view, refId));
  }
  if (row.view !== "heatmap") panel.unit(row.unit);
  if (row.steps !== undefined) panel.thresholds(thresholds(row.steps));
  if (row.interval !== undefined) panel.interval(row.interval);
  if (row.seriesName !== undefined) panel.displayName(row.seriesName);
  for (const [column, unit] of Object.entries(row.columnUnits ?? {})) {
    panel.overrideByName(column, [{ id: "unit", value: unit }]);
  }
  return panel;
}

const builders: Readonly<Record<View, (row: PanelRow) => AnyBuilder>> = {
  tile: ({ steps }) =>
    new StatBuilder()
      .graphMode(BigValueGraphMode.None)
      .colorMode(steps === undefined ? BigValueColorMode.None : BigValueColorMode.Background)
      .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false)),
  series: seriesBuilder,
  table: tableBuilder,
  // The buckets are counted by the source. Its values are counts; what has the unit are the buckets.
  heatmap: ({ unit }) =>
    new HeatmapBuilder()
      .calculate(false)
      .yAxis(new YAxisConfigBuilder().unit(unit))
      .cellValues(new CellValuesBuilder().unit("short")),
};

/** Of Prometheus a table has what its labels say; the time and the value of such a metric are always the same. */
function tableBuilder({ queries, steps }: PanelRow): TableBuilder {
  const panel = new TableBuilder();
  if (steps !== undefined) {
    panel.overrideByFieldType("number", [
      { id: "custom.cellOptions", value: { type: TableCellDisplayMode.ColorText } },
    ]);
  }
  if (queries.every(isSql)) return panel;
  const excludeByName = Object.fromEntries(["Time", "Value", "__name__", "job"].map((name) => [name, true]));
  return panel.withTransformation({ id: "organize", options: { excludeByName } });
}

function seriesBuilder({ steps, isStacked }: PanelRow): SeriesBuilder {
  const panel = new SeriesBuilder().lineWidth(1).fillOpacity(10).showPoints(VisibilityMode.Auto).min(0);
  if (isStacked) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal)).fillOpacity(60);
  if (steps !== undefined)
    panel.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  return panel;
}

function thresholds(steps: readonly ThresholdStep[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps(steps.map(({ from, color }) => ({ value: from, color })));
}
