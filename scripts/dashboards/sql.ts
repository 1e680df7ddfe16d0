/**
 * The pieces of SQL that panels share. `$__…` are macros of Grafana's ClickHouse plugin; they get plain names of columns only,
 * because the plugin finds the end of a macro's arguments at its first closing bracket.
 */

/** Narrowed to the services that are chosen above the dashboard; nothing while all are. */
export const chosenServices = `$__conditionalAll(service IN (\${service:sqlstring}), $service)`;

export const chosenPipelines = `$__conditionalAll(pipeline IN (\${pipeline:sqlstring}), $pipeline)`;

/** The last minutes before the end of the dashboard's range, as many as `window` says. */
export const inWindow = (column: string): string =>
  `${column} > $__toTime - INTERVAL \${window} SECOND AND ${column} <= $__toTime`;

/** Buckets that are over. A bucket that has only begun would show every rate as falling at the right edge. */
export const isOver = "time <= $__toTime - INTERVAL $__interval_s SECOND";

/** One row a bucket: what `columns` say of a table that has the column `bucket`. */
export function overTime(columns: readonly string[], table: string, where: string = chosenServices): string {
  return `SELECT $__timeInterval(bucket) AS time,
  ${columns.join(",\n  ")}
FROM analytics.${table}
WHERE $__timeFilter(bucket) AND ${where}
GROUP BY time
HAVING ${isOver}
ORDER BY time`;
}

/** One row a bucket and value of `by`, of a table that has the column `bucket`, or another of that kind. */
export function overTimeBy(
  by: string,
  columns: readonly string[],
  table: string,
  where: string = chosenServices,
  bucket = "bucket",
): string {
  return `SELECT $__timeInterval(${bucket}) AS time,
  ${[by, ...columns].join(",\n  ")}
FROM analytics.${table}
WHERE $__timeFilter(${bucket}) AND ${where}
GROUP BY time, ${by.split(" AS ").at(-1)}
HAVING ${isOver}
ORDER BY time`;
}

/** One row, of the last minutes. */
export function lately(columns: readonly string[], table: string, where: string = chosenServices): string {
  return `SELECT ${columns.join(",\n  ")}
FROM analytics.${table}
WHERE ${inWindow("bucket")} AND ${where}`;
}

export const percentile = (percent: number, state: string): string =>
  `quantileTDigestMerge(${percent / 100})(${state})`;

export const errorPercent = "100 * countMerge(errors_state) / countMerge(total_state)";

/** The stages of an event as the replaced system named them, with the states of `millrace_arrival_10s` and its views. */
export const fiveStages: readonly (readonly [name: string, state: string])[] = [
  ["producer → Kafka", "producer_to_kafka_state"],
  ["Kafka → ingester", "kafka_to_spark_ingest_state"],
  ["processing", "spark_processing_state"],
  ["ingester → stored", "spark_to_stored_state"],
  ["e2e", "e2e_state"],
];

export const fiveStageColumns: readonly string[] = fiveStages.map(
  ([name, state]) => `${percentile(95, state)} AS "${name}"`,
);

/** A series of each value of a column of text is called by that value. */
export const byLabel = (column: string): string => `\${__field.labels.${column}}`;
