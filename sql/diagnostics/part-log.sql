-- Parts written and merged in the last 5 minutes, by minute and table.
SELECT
    formatDateTime(toStartOfMinute(l.event_time), '%H:%i', 'UTC') AS minute,
    concat(l.database, '.', l.table) AS `table`,
    toUInt32(countIf(l.event_type = 'NewPart')) AS new_parts,
    ifNotFinite(round(avgIf(l.rows, l.event_type = 'NewPart')), 0) AS rows_each,
    toUInt32(countIf(l.event_type = 'MergeParts')) AS merges,
    toUInt32(maxIf(l.duration_ms, l.event_type = 'MergeParts')) AS longest_merge_ms,
    toUInt32(countIf(l.error != 0)) AS failed
FROM system.part_log AS l
WHERE l.event_date >= yesterday() AND l.event_time >= now() - INTERVAL 5 MINUTE AND l.database NOT IN ('system', 'system_log')
GROUP BY toStartOfMinute(l.event_time), `table`
ORDER BY toStartOfMinute(l.event_time) DESC, new_parts DESC
LIMIT 40
