-- Why:     a dead letter that is stored after its cause was mended must be stored once, whatever kills the replay, and
--          the comparison of Kafka with ClickHouse must not count it twice
-- Change:  table analytics.millrace_replays: what was done about which dead letter (`millrace dlq replay`)
-- Cost:    metadata only; two rows for each letter that is replayed
-- Order:   after 0003
-- Undo:    DROP TABLE analytics.millrace_replays; letters that were replayed then look as if they had not been. A
--          replay still finds them in a target table that stores their coordinates; `millrace reconcile` counts them
--          as duplicates
-- Check:   SELECT count() FROM analytics.millrace_replays succeeds
--
-- A log. Letters are replayed in batches; a batch is announced (outcome 'intent', one row a letter) before its insert is
-- sent, and has an outcome per letter afterwards. Number `sequence` is announced under a deduplication token made of the
-- number alone, so of two replays that want the same number one gets it, and the other sees whose it is: announcements
-- have one order, and a letter is never announced twice without an outcome between. That needs one window for the whole
-- table: not partitioned.
--
-- Outcomes: stored, rejected (its reason in error_type and reason), already_there (the target held the offset though no
-- replay had announced it), released (the batch is over without this letter being stored; it may be announced again).
--
-- No TTL: 'stored' has to outlive the letter, and a number must not come again while its token is remembered. To make it
-- smaller, delete rows whose letters are gone, but never the last number:
-- ALTER TABLE … DELETE WHERE replayed_at < … AND sequence < (SELECT max(sequence) FROM analytics.millrace_replays).

CREATE TABLE IF NOT EXISTS analytics.millrace_replays {on_cluster}
(
    replayed_at     DateTime64(3) DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
    sequence        UInt64 CODEC(Delta, ZSTD(1)),
    outcome         LowCardinality(String),
    topic           LowCardinality(String),
    kafka_partition Int32,
    kafka_offset    Int64 CODEC(Delta, ZSTD(1)),
    target_table    LowCardinality(String),
    pipeline        LowCardinality(String),
    plan_key        LowCardinality(String),
    token           String CODEC(ZSTD(1)),
    error_type      LowCardinality(String),
    reason          String CODEC(ZSTD(1)),
    who             LowCardinality(String),
    run_id          LowCardinality(String)
)
ENGINE = {engine:MergeTree}
ORDER BY (topic, kafka_partition, kafka_offset, sequence)
SETTINGS {deduplication_window};
