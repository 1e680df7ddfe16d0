-- Why:     not every offset has a record: control batches of transactions, compaction, and what retention deleted before
--          it was read. Only with these known can Kafka's offsets be compared with rows (millrace reconcile).
-- Change:  table analytics.millrace_gaps; skipping indexes by offset on analytics.fact_event and fact_event_dlq
-- Cost:    metadata only; the indexes are in new parts only. An insert of 1,000 or of 170,000 rows took as long with the
--          index as without, within noise. A topic without transactions and compaction writes no row here.
-- Order:   after 0002 and 0003
-- Undo:    DROP TABLE analytics.millrace_gaps; ALTER TABLE … DROP INDEX kafka_offset_range. Without the table reconcile
--          counts every offset without a record as missing.
-- Check:   SELECT count() FROM analytics.millrace_gaps succeeds
--
-- A row is one range of a partition, run_first[i] … run_last[i] (inclusive) the offsets in it that have no row. The
-- offsets themselves and not only how many: rows that overlap, because a range came again in another cut, are then a
-- union that counts nothing twice, and no gap can hide a loss beside it. The engine only clears away exact repeats;
-- readers need no FINAL.
--
-- reason: absent (the log has no record there, true for every group), lost (retention was faster than this group),
-- skipped (this group was set beyond them: millrace offsets reset, or a group that began at the log's end).
--
-- Kept as long as the facts that it stands among. Not partitioned, because deduplication is per partition and a range
-- may come again after midnight.
--
-- The index on the offset lets one window of offsets be read without the whole table: within 8,192 rows sorted by
-- service and time the offsets lie close together. 16 million rows in one part, a window of 5 %: 6 % of them are read.

CREATE TABLE IF NOT EXISTS analytics.millrace_gaps {on_cluster}
(
    topic        LowCardinality(String),
    partition    Int32,
    first_offset Int64,
    last_offset  Int64,
    reason       LowCardinality(String),
    `group`      LowCardinality(String),
    absent       UInt64,
    run_first    Array(Int64) CODEC(ZSTD(1)),
    run_last     Array(Int64) CODEC(ZSTD(1)),
    noted_at     DateTime64(3) DEFAULT now64(3)
)
ENGINE = {engine:ReplacingMergeTree}
ORDER BY (topic, partition, first_offset, last_offset, reason, `group`, absent)
{ttl:fact:noted_at}
SETTINGS {deduplication_window};

ALTER TABLE analytics.fact_event {on_cluster}
ADD INDEX IF NOT EXISTS kafka_offset_range kafka_offset TYPE minmax GRANULARITY 1;

ALTER TABLE analytics.fact_event_dlq {on_cluster}
ADD INDEX IF NOT EXISTS kafka_offset_range kafka_offset TYPE minmax GRANULARITY 1;
