-- Asynchronous inserts of the last {minutes} minutes, by table and outcome.
SELECT
    concat(a.database, '.', a.table) AS `table`,
    toString(a.status) AS outcome,
    toUInt32(count()) AS inserts,
    toFloat64(sum(a.rows)) AS rows,
    round(quantile(0.95)(dateDiff('millisecond', a.event_time_microseconds, a.flush_time_microseconds))) AS p95_wait_ms,
    substring(anyLast(a.exception), 1, 200) AS error
FROM system.asynchronous_insert_log AS a
WHERE a.event_date >= yesterday() AND a.event_time >= now() - toIntervalMinute({minutes:UInt32})
GROUP BY `table`, outcome
ORDER BY inserts DESC
LIMIT 15
