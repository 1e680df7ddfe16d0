-- The longest merges and mutations that run now.
SELECT
    concat(m.database, '.', m.table) AS `table`,
    if(m.is_mutation, 'mutation', 'merge') AS kind,
    round(m.elapsed, 1) AS seconds,
    toUInt32(m.progress * 100) AS percent,
    toUInt32(m.num_parts) AS parts,
    formatReadableSize(m.total_size_bytes_compressed) AS size
FROM system.merges AS m
ORDER BY m.elapsed DESC
LIMIT 10
