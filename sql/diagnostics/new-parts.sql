-- Parts of the last 5 minutes that inserts wrote and no merge has taken yet, by minute and table.
SELECT
    formatDateTime(toStartOfMinute(p.modification_time), '%H:%i', 'UTC') AS minute,
    concat(p.database, '.', p.table) AS `table`,
    toUInt32(count()) AS new_parts,
    round(avg(p.rows)) AS rows_each,
    formatReadableSize(avg(p.bytes_on_disk)) AS size_each
FROM system.parts AS p
WHERE p.level = 0 AND p.modification_time >= now() - INTERVAL 5 MINUTE AND p.database NOT IN ('system', 'system_log')
GROUP BY toStartOfMinute(p.modification_time), `table`
ORDER BY toStartOfMinute(p.modification_time) DESC, new_parts DESC
LIMIT 40
