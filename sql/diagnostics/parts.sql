-- Partitions with the most parts. From delayed_from on ClickHouse slows inserts down, from refused_from on it refuses them.
SELECT
    concat(p.database, '.', p.table) AS `table`,
    p.partition AS partition,
    toUInt32(count()) AS parts,
    toUInt32(countIf(p.level = 0)) AS unmerged,
    toFloat64(sum(p.rows)) AS rows,
    formatReadableSize(sum(p.bytes_on_disk)) AS size,
    (SELECT toUInt32(any(value)) FROM system.merge_tree_settings WHERE name = 'parts_to_delay_insert') AS delayed_from,
    (SELECT toUInt32(any(value)) FROM system.merge_tree_settings WHERE name = 'parts_to_throw_insert') AS refused_from
FROM system.parts AS p
WHERE p.active AND p.database NOT IN ('system', 'system_log')
GROUP BY p.database, p.table, p.partition
ORDER BY parts DESC, `table`, partition
LIMIT 15
