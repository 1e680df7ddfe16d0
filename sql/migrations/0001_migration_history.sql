-- Why:     the runner must know which files a server has, and notice when one of them was edited afterwards
-- Change:  database analytics, table analytics.millrace_migrations (one row per applied file)
-- Cost:    metadata only; one row per migration
-- Order:   first; the runner reads this table before every other file
-- Undo:    DROP TABLE analytics.millrace_migrations; the next run then applies every file again, which changes nothing
--          because every statement says IF NOT EXISTS
-- Check:   SELECT version, name FROM analytics.millrace_migrations ORDER BY version

CREATE DATABASE IF NOT EXISTS analytics {on_cluster};

-- On a cluster the replication path has no shard in it, so that all nodes share one history. Two instances that apply
-- the same file insert the same deduplication token, so one row remains.
CREATE TABLE IF NOT EXISTS analytics.millrace_migrations {on_cluster}
(
    version     UInt32,
    name        String,
    checksum    FixedString(64),
    applied_at  DateTime64(3) DEFAULT now64(3),
    duration_ms UInt32
)
ENGINE = {engine_on_all_shards:MergeTree}
ORDER BY version
SETTINGS {deduplication_window};
