import { make } from "./dom.js";
import { age, bytes, clock, count, duration, short } from "./format.js";

/** The overview in words and rows: what the charts show, for who reads or hears the page. */

/** @param {any[]} stages */
export function stageRows(stages) {
  const meaning = {
    produce: "event time → Kafka record time",
    fetch: "Kafka record time → received",
    queue: "received → a worker begins",
    process: "in the worker",
    insert: "insert sent → acknowledged",
    pipeline: "Kafka record time → acknowledged",
    e2e: "event time → acknowledged",
  };
  return stages.map(({ stage, now, window }) => [
    make("abbr", { title: meaning[/** @type {keyof typeof meaning} */ (stage)] }, stage),
    ...[now?.p50, now?.p95, now?.p99, window?.p95, window?.p99].map((ms, index) =>
      make(
        "span",
        {
          "data-figure": `${stage}.${["p50", "p95", "p99", "window.p95", "window.p99"][index]}`,
          "data-value": ms ?? "",
        },
        duration(ms),
      ),
    ),
  ]);
}

/** Series of a metric with one label, as [label's value, figure]. @param {Record<string, number>} figures @param {string} metric @returns {[string, number][]} */
export function labelled(figures, metric) {
  return Object.entries(figures)
    .filter(([series]) => series.startsWith(`${metric}{`))
    .map(([series, value]) => [JSON.parse(series.slice(series.indexOf("=") + 1, -1)), value]);
}

/** @param {Record<string, number>} figures */
export function lettersRows(figures) {
  return labelled(figures, "millrace_dead_letters_total")
    .sort(([, a], [, b]) => b - a)
    .map(([reason, value]) => [
      make("a", { href: `#dead-letters/${encodeURIComponent(reason)}` }, reason),
      figure(`millrace_dead_letters_total{reason=${JSON.stringify(reason)}}`, value),
    ]);
}

/** A figure of the catalogue, which the tests find by its series. @param {string} series @param {number | undefined} value @param {(value: any) => string} [format] */
export function figure(series, value, format = count) {
  return make("span", { "data-series": series, "data-value": value ?? "" }, format(value));
}

/** @param {any} state @param {any[] | undefined} parts @returns {(string | Node)[][]} */
export function factsRows({ run, version }, parts) {
  const { profile, figures } = run;
  const missing = figures.millrace_reconciliation_missing_records;
  const doubled = figures.millrace_reconciliation_duplicate_rows;
  const checkedAge = figures.millrace_reconciliation_age_seconds;
  const checked =
    checkedAge === undefined
      ? "not compared yet"
      : `${count(missing)} missing, ${count(doubled)} doubled, ${age(checkedAge)} ago`;
  return [
    ["Guarantee", run.guarantee ?? "being examined"],
    ["Kafka against ClickHouse", checked],
    [
      "Profile",
      `${profile.name} for ${profile.vcpus} vCPUs: ${profile.workers} workers, ${profile.insertsMax} inserts at once`,
    ],
    [
      "Flush",
      `${short(profile.flushRows)} rows or ${duration(profile.flushIntervalMs)}; ${profile.insertFormat}, ${profile.transcoder}`,
    ],
    ["Group", run.group],
    [
      "Partitions",
      make(
        "span",
        {},
        figure("millrace_assigned_partitions", figures.millrace_assigned_partitions),
        ` assigned, ${count(run.partitionCount)} in all`,
      ),
    ],
    ["Repeated inserts", figure("millrace_insert_repeats_total", figures.millrace_insert_repeats_total)],
    ["Rebalances", figure("millrace_rebalances_total", figures.millrace_rebalances_total)],
    ["Lost offsets", figure("millrace_lost_offsets_total", figures.millrace_lost_offsets_total)],
    ["Memory", figure("process_resident_memory_bytes", figures.process_resident_memory_bytes, bytes)],
    ["Running since", clock(run.startedAtMs)],
    ["Version", version],
    ...(parts ?? []).map(({ table, parts: number, rows, bytes: size }) => [
      table,
      `${count(number)} parts, ${short(rows)} rows, ${bytes(size)}`,
    ]),
  ];
}

/** A sentence for each chart. @param {any} run @param {import("./series.js").History} history @param {any[] | undefined} parts */
export function summaries(run, history, parts) {
  const now = (/** @type {string} */ name) => history.values[name]?.at(-1) ?? undefined;
  const known = (/** @type {string} */ name) => (history.values[name] ?? []).filter((value) => value !== null);
  const peak = (/** @type {string} */ name) => Math.max(0, ...known(name));
  const { figures, partitions } = run;
  const main = run.stages.find((/** @type {any} */ one) => one.stage === run.mainStage);
  const slowest = run.stages
    .filter((/** @type {any} */ one) => one.now !== null && !["e2e", "pipeline"].includes(one.stage))
    .sort((/** @type {any} */ a, /** @type {any} */ b) => b.now.p95 - a.now.p95)[0];
  const inserts = now("insertsPerSecond") ?? 0;
  const rowsEach = inserts > 0 ? (now("insertRowsPerSecond") ?? 0) / inserts : undefined;
  const secondsEach = inserts > 0 ? (now("insertSecondsPerSecond") ?? 0) / inserts : undefined;
  const [worst] = partitions;
  const partCount = parts?.reduce((sum, one) => sum + one.parts, 0);
  return {
    throughput: `${short(now("storedPerSecond"))} rows/s stored${run.produced === null ? "" : `, ${short(now("producedPerSecond"))} events/s produced`}. Peak ${short(peak("storedPerSecond"))}/s.`,
    latency:
      slowest === undefined
        ? "Nothing was stored in the last ten seconds."
        : `${run.mainStage === "e2e" ? "End to end" : "Kafka to stored"} ${duration(main?.now?.p95)} now, ${duration(main?.window?.p95)} over 15 min. Slowest stage: ${slowest.stage}, ${duration(slowest.now.p95)}.`,
    heat:
      main?.window === null
        ? "No records yet."
        : "The stronger the colour, the more records took so long. A column is ten seconds.",
    lag: `${count(now("lagRecords"))} records not committed; the oldest waits ${age(now("oldestSeconds"))}. Peak ${short(peak("lagRecords"))}.`,
    partitions:
      worst === undefined
        ? "Not known: Kafka does not answer."
        : worst.lag === 0
          ? `Nothing waits in ${count(run.partitionCount)} partitions.`
          : `Most: ${worst.topic} ${worst.partition}, ${count(worst.lag)} records.`,
    budget: `${bytes(now("budgetBytes"))} of ${bytes(figures.millrace_byte_budget_limit_bytes)} held. Intake paused ${count(figures.millrace_intake_pauses_total)} times since the start.`,
    inserts: `${short(rowsEach)} rows and ${age(secondsEach)} each. ${partCount === undefined ? "" : `${count(partCount)} parts in all tables.`}`,
    busy: `${run.limit.sentence}.`,
  };
}
