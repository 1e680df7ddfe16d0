-- INSERT statements of the last {minutes} minutes, by table. Rows that views wrote are among the rows.
SELECT
    replaceAll(extract(q.query, '(?i)INSERT\\s+INTO\\s+(?:TABLE\\s+)?([\\w.`]+)'), '`', '') AS `table`,
    toUInt32(count()) AS inserts,
    round(count() / ({minutes:UInt32} * 60), 2) AS per_second,
    toFloat64(sum(q.written_rows)) AS rows,
    round(avgIf(q.written_rows, q.type = 'QueryFinish')) AS rows_each,
    round(quantile(0.95)(q.query_duration_ms)) AS p95_ms,
    toUInt32(max(q.query_duration_ms)) AS max_ms,
    toUInt32(countIf(q.exception_code != 0)) AS failed,
    substring(anyLastIf(q.exception, q.exception_code != 0), 1, 200) AS error
FROM system.query_log AS q
WHERE q.event_date >= yesterday() AND q.event_time >= now() - toIntervalMinute({minutes:UInt32})
  AND q.type != 'QueryStart' AND q.query_kind = 'Insert' AND q.is_initial_query
GROUP BY `table`
ORDER BY inserts DESC
LIMIT 15
