import { heatOptions, lagOptions, lineOptions } from "./chart-options.js";
import { chartPanel, themeNow } from "./charts.js";
import { byId, make, makeTable, renew, scrolling } from "./dom.js";
import { age, bytes, clock, count, duration, percent, short } from "./format.js";
import { factsRows, lettersRows, stageRows, summaries } from "./overview-text.js";
import { ask } from "./stream.js";

const PARTS_EVERY_MS = 15_000;
/** Rows of a table beside a chart, over the whole window. */
const TABLE_ROWS = 30;

const stageNames = ["e2e", "pipeline", "insert", "queue", "process", "fetch", "produce"];
const heatStage = /** @type {HTMLSelectElement} */ (
  make(
    "select",
    { id: "heat-stage", "aria-label": "Stage" },
    ...stageNames.map((name) => make("option", { value: name }, name)),
  )
);

const panels = {
  throughput: chartPanel({
    id: "throughput",
    title: "Throughput",
    help: "Rows stored a second, and events that the simulator sends",
  }),
  latency: chartPanel({
    id: "latency",
    title: "Latency by stage, p95",
    help: "95 of 100 records took at most so long, in ten seconds",
  }),
  heat: chartPanel({
    id: "heat",
    title: "Latency heat map",
    control: heatStage,
    help: "How many records took how long",
  }),
  lag: chartPanel({ id: "lag", title: "Lag", help: "Records in Kafka that are not committed" }),
  partitions: chartPanel({ id: "partitions", title: "Lag by partition" }),
  budget: chartPanel({ id: "budget", title: "Byte budget", help: "Held between fetch and acknowledgement" }),
  inserts: chartPanel({ id: "inserts", title: "Inserts and parts", help: "Inserts acknowledged, and rows in each" }),
  busy: chartPanel({ id: "busy", title: "What is busy", help: "Share of the time" }),
};
const stageTable = tablePanel("stages", "Latency by stage");
const letterTable = tablePanel("letters-now", "Dead letters by reason");
const factsPlace = make("div", {});
const facts = make(
  "section",
  { class: "panel wide", id: "facts", "aria-labelledby": "facts-title" },
  make("h2", { id: "facts-title" }, "This run"),
  factsPlace,
);
/** @type {{table: string, parts: number, rows: number, bytes: number}[] | undefined} */
let parts;
let partsAskedMs = Number.NEGATIVE_INFINITY;

/** Puts the panels in their places, once. */
export function buildOverview() {
  const { throughput, latency, heat, lag, partitions, inserts, budget, busy } = panels;
  const charts = { throughput, latency, heat, lag, partitions, inserts, budget, busy };
  const elements = Object.values(charts).map(({ element }) => element);
  byId("overview").append(...elements.toSpliced(3, 0, stageTable.element), facts, letterTable.element);
}

/** @param {any} state @param {import("./series.js").History | undefined} history */
export function showOverview(state, history) {
  const { run } = state;
  if (run !== null && heatStage.dataset.chosen === undefined) heatStage.value = run.mainStage;
  heatStage.onchange = () => {
    heatStage.dataset.chosen = "yes";
    showOverview(state, history);
  };
  if (run === null) return;
  stageTable.show(["Stage", "p50 now", "p95 now", "p99 now", "p95 15 min", "p99 15 min"], stageRows(run.stages));
  letterTable.show(["Reason", "Records"], lettersRows(run.figures));
  const rows = factsRows(state, parts);
  const facts = rows.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  renew(factsPlace, make("dl", { class: "facts-list" }, ...facts));
  if (history === undefined || history.atMs.length === 0) return;
  if (["healthy", "late"].includes(state.health.state)) void refreshParts();
  const theme = themeNow();
  const texts = summaries(run, history, parts);
  for (const [name, { lines, axis }] of Object.entries(lineCharts(run, history))) {
    const panel = panels[/** @type {keyof typeof panels} */ (name)];
    const names = lines.length > 1 ? lines.map((line) => line.name) : [];
    const options = lineOptions(history, lines, theme, axis);
    panel.update(
      options,
      texts[/** @type {keyof typeof texts} */ (name)],
      () => figuresOf(history, lines, axis.format),
      names,
    );
  }
  panels.partitions.update(lagOptions(run.partitions, theme), texts.partitions, () => ({
    columns: ["Partition", "Lag", "Oldest unread"],
    rows: run.partitions.map((/** @type {any} */ one) => [
      `${one.topic} ${one.partition}`,
      count(one.lag),
      age(one.oldestSeconds),
    ]),
  }));
  const heat = heatOptions(history, heatStage.value, run.heatBoundsMs, theme);
  panels.heat.update(heat, texts.heat, () => heatFigures(history, run.heatBoundsMs));
}

/**
 * What the charts of lines show, by panel.
 *
 * @param {any} run @param {import("./series.js").History} history
 * @returns {Record<string, {lines: import("./chart-options.js").Line[], axis: {format: (value: number) => string, isLog?: boolean, max?: number}}>}
 */
function lineCharts({ produced, figures, profile }, { values, p95 }) {
  const at = (/** @type {string} */ name) => values[name] ?? [];
  const perSecond = (/** @type {number} */ value) => `${short(value)}/s`;
  const dead = at("deadPerSecond");
  const places = at("insertSecondsPerSecond").map((busy) =>
    busy === null ? null : Math.min(1, busy / profile.insertsMax),
  );
  return {
    throughput: {
      lines: [
        { name: "stored", values: at("storedPerSecond"), width: 2, area: true },
        ...(produced === null ? [] : [{ name: "produced", values: at("producedPerSecond"), dashed: true }]),
        ...(dead.some((rate) => (rate ?? 0) > 0) ? [{ name: "dead letters", values: dead }] : []),
      ],
      axis: { format: perSecond },
    },
    latency: {
      lines: stageNames.map((name, index) => ({ name, values: p95[name] ?? [], width: index === 0 ? 2.5 : 1.5 })),
      axis: { format: duration, isLog: true },
    },
    lag: { lines: [{ name: "records", values: at("lagRecords"), area: true }], axis: { format: short } },
    budget: {
      lines: [{ name: "held", values: at("budgetBytes"), area: true }],
      axis: { format: bytes, max: figures.millrace_byte_budget_limit_bytes },
    },
    inserts: { lines: [{ name: "inserts", values: at("insertsPerSecond"), area: true }], axis: { format: perSecond } },
    busy: {
      lines: [
        { name: "ClickHouse's inserts", values: places },
        { name: "workers", values: at("workersShare") },
        { name: "main thread", values: at("mainThreadShare") },
      ],
      axis: { format: percent, max: 1 },
    },
  };
}

/** Some moments of the window, the latest first. @param {import("./series.js").History} history @param {any[]} lines @param {(value: number) => string} format */
function figuresOf({ atMs }, lines, format) {
  const step = Math.max(1, Math.ceil(atMs.length / TABLE_ROWS));
  const rows = [];
  for (let index = atMs.length - 1; index >= 0; index -= step)
    rows.push([
      clock(atMs[index] ?? 0),
      ...lines.map(({ values }) => (values[index] === null ? "–" : format(values[index]))),
    ]);
  return { columns: ["Time", ...lines.map(({ name }) => name)], rows };
}

/** @param {import("./series.js").History} history @param {number[]} boundsMs */
function heatFigures(history, boundsMs) {
  const sums = new Map();
  for (const { counts } of history.heat[heatStage.value] ?? [])
    for (let index = 0; index < counts.length; index += 2)
      sums.set(counts[index], (sums.get(counts[index]) ?? 0) + counts[index + 1]);
  const rows = [...sums]
    .sort(([a], [b]) => a - b)
    .map(([row, sum]) => [`up to ${duration(boundsMs[row])}`, count(sum)]);
  return { columns: ["Latency", "Records in 15 min"], rows };
}

async function refreshParts() {
  if (performance.now() - partsAskedMs < PARTS_EVERY_MS) return;
  partsAskedMs = performance.now();
  parts = await ask("/api/parts").then(
    ({ tables }) => tables,
    () => undefined,
  );
}

/** @param {string} id @param {string} title */
function tablePanel(id, title) {
  const place = make("div", {});
  const scroll = scrolling(place, title);
  const element = make(
    "section",
    { class: "panel", id, "aria-labelledby": `${id}-title` },
    make("h2", { id: `${id}-title` }, title),
    scroll,
  );
  return {
    element,
    /** @param {string[]} columns @param {(string | Node)[][]} rows */
    show(columns, rows) {
      const table = makeTable({ columns, rows, numeric: columns.map((_, index) => index > 0) });
      if (rows.length === 0) place.replaceChildren(make("p", { class: "note" }, "None."));
      else renew(place, table);
    },
  };
}
