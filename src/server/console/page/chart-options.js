import { clock, duration, short } from "./format.js";

/**
 * What ECharts is given, made of the history and the theme alone.
 *
 * @typedef {import("./series.js").History} History
 * @typedef {{ink: string, faint: string, line: string, surface: string, lines: string[], heat: string[]}} Theme
 * @typedef {{name: string, values: (number | null)[], width?: number, dashed?: boolean, area?: boolean}} Line
 */

const WINDOW_MS = 15 * 60_000;
const WINDOW_MS_MIN = 2 * 60_000;

/** From when to when a chart shows: a quarter of an hour, or since the start. @param {History} history */
export function rangeOf({ atMs }) {
  const last = atMs.at(-1) ?? 0;
  const first = Math.max(atMs[0] ?? last, last - WINDOW_MS);
  return { min: Math.min(first, last - WINDOW_MS_MIN), max: last };
}

/**
 * @param {History} history @param {Line[]} lines @param {Theme} theme
 * @param {{format: (value: number) => string, isLog?: boolean, max?: number}} axis
 */
export function lineOptions(history, lines, theme, { format, isLog = false, max }) {
  return {
    ...common(theme),
    grid: { left: 8, right: 12, top: 10, bottom: 4, containLabel: true },
    xAxis: timeAxis(history, theme),
    yAxis: {
      ...{ type: isLog ? "log" : "value", min: isLog ? 1 : 0, ...axisStyle(theme), splitNumber: 3 },
      ...(max === undefined ? {} : { max, interval: max / 4 }),
      axisLabel: { color: theme.faint, formatter: format },
      splitLine: { lineStyle: { color: theme.line } },
    },
    series: lines.map((line, index) => seriesOf(history, line, theme.lines[index] ?? theme.ink, isLog)),
    tooltip: {
      ...tooltip(theme),
      valueFormatter: (/** @type {number | null} */ value) => (value === null ? "–" : format(value)),
    },
  };
}

/** @param {History} history @param {Theme} theme */
function timeAxis(history, theme) {
  const { min, max } = rangeOf(history);
  const formatter = max - min < 4 * 60_000 ? "{HH}:{mm}:{ss}" : "{HH}:{mm}";
  const label = { color: theme.faint, hideOverlap: true, formatter };
  return { type: "time", min, max, ...axisStyle(theme), splitNumber: 4, axisLabel: label };
}

/** @param {History} history @param {Line} line @param {string} color @param {boolean} isLog */
function seriesOf({ atMs }, { name, values, width = 1.5, dashed = false, area = false }, color, isLog) {
  return {
    ...{ type: "line", name, symbol: atMs.length < 3 ? "circle" : "none", sampling: "lttb", color, z: width },
    lineStyle: { width, type: dashed ? "dashed" : "solid", color },
    ...(area ? { areaStyle: { color, opacity: 0.14 } } : {}),
    // A logarithm has no place for zero.
    data: atMs.map((at, index) => [
      at,
      isLog && values[index] !== null ? Math.max(1, values[index] ?? 1) : values[index],
    ]),
  };
}

/**
 * How many records took how long, over time: a column for ten seconds, a row for each step of latency.
 *
 * @param {History} history @param {string} stage @param {readonly number[]} boundsMs @param {Theme} theme
 */
export function heatOptions(history, stage, boundsMs, theme) {
  const columns = history.heat[stage] ?? [];
  const columnMs = history.columnSlots * history.sampleMs;
  const last = columns.at(-1)?.column ?? 0;
  const shown = Math.max(
    WINDOW_MS_MIN / columnMs,
    Math.min(WINDOW_MS / columnMs, last - (columns[0]?.column ?? 0) + 1),
  );
  const lastMs = history.atMs.at(-1) ?? 0;
  const times = Array.from({ length: shown }, (_, index) => clock(lastMs - (shown - 1 - index) * columnMs));
  const { cells, firstRow, lastRow, max } = heatCells(columns, last - shown + 1);
  const rows = boundsMs.slice(firstRow, lastRow + 1).map((bound) => duration(bound));
  return {
    ...common(theme),
    grid: { left: 8, right: 12, top: 12, bottom: 4, containLabel: true },
    xAxis: { type: "category", data: times, ...axisStyle(theme), splitLine: { show: false } },
    yAxis: { type: "category", data: rows, ...axisStyle(theme), axisLabel: { color: theme.faint } },
    visualMap: { show: false, min: 0, max: Math.sqrt(max), dimension: 2, inRange: { color: theme.heat } },
    series: [
      {
        type: "heatmap",
        // By the square root: few slow records are seen beside many fast ones.
        data: cells.map(([column, row, count]) => [column, row - firstRow, Math.sqrt(count), count]),
        itemStyle: { borderColor: theme.surface, borderWidth: 1 },
      },
    ],
    tooltip: {
      ...{ ...tooltip(theme), trigger: "item" },
      formatter: (/** @type {{data: any}} */ { data }) =>
        `${times[data[0]]}\nup to ${rows[data[1]]}: ${short(data[3])} records`,
    },
  };
}

/** @param {import("./series.js").HeatColumn[]} columns @param {number} first */
export function heatCells(columns, first) {
  /** @type {[column: number, row: number, count: number][]} */
  const cells = [];
  let [firstRow, lastRow, max] = [Number.POSITIVE_INFINITY, 0, 1];
  for (const { column, counts } of columns) {
    if (column < first) continue;
    for (let index = 0; index < counts.length; index += 2) {
      const [row = 0, count = 0] = [counts[index], counts[index + 1]];
      cells.push([column - first, row, count]);
      firstRow = Math.min(firstRow, row);
      lastRow = Math.max(lastRow, row);
      max = Math.max(max, count);
    }
  }
  // Some room around: a map of one row says nothing.
  return { cells, firstRow: Math.max(0, Math.min(firstRow, lastRow) - 2), lastRow: lastRow + 2, max };
}

/** @param {{topic: string, partition: string, lag: number}[]} partitions @param {Theme} theme */
export function lagOptions(partitions, theme) {
  const shown = partitions.slice(0, 12).toReversed();
  return {
    ...common(theme),
    grid: { left: 8, right: 48, top: 4, bottom: 4, containLabel: true },
    xAxis: {
      type: "value",
      min: 0,
      minInterval: 1,
      ...axisStyle(theme),
      axisLabel: { show: false },
      splitLine: { show: false },
    },
    yAxis: {
      type: "category",
      data: shown.map(({ topic, partition }) => `${topic} ${partition}`),
      ...axisStyle(theme),
    },
    series: [
      {
        ...{ type: "bar", barMaxWidth: 14, color: theme.lines[0], data: shown.map(({ lag }) => lag) },
        label: {
          show: true,
          position: "right",
          color: theme.ink,
          formatter: (/** @type {{value: number}} */ { value }) => short(value),
        },
      },
    ],
  };
}

/** @param {Theme} theme */
function common({ ink }) {
  return { animation: false, textStyle: { color: ink, fontFamily: "inherit" }, aria: { enabled: false } };
}

/** @param {Theme} theme */
function axisStyle({ faint, line }) {
  return {
    axisLabel: { color: faint, hideOverlap: true },
    axisLine: { lineStyle: { color: line } },
    axisTick: { show: false },
    splitLine: { show: false },
  };
}

/** @param {Theme} theme */
function tooltip({ surface, ink, line }) {
  return {
    // On the canvas: as HTML its styles would break the page's policy, and names would have to be escaped.
    ...{ trigger: "axis", renderMode: "richText", confine: true, backgroundColor: surface, borderColor: line },
    textStyle: { color: ink, fontSize: 12 },
  };
}
