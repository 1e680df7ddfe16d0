-- Why:     every record that is not an event is kept with the reason (S0-42, S0-54), so that nothing is lost silently
-- Change:  table analytics.fact_event_dlq
-- Cost:    metadata only
-- Order:   before the view of 0007, which reads it
-- Undo:    DROP TABLE analytics.fact_event_dlq; the dead letters are lost
-- Check:   SELECT count() FROM analytics.fact_event_dlq succeeds
--
-- source_* say where the failed record first stood, as its envelope tells; topic, kafka_partition and kafka_offset are
-- those of the record that Millrace itself read. They are equal unless a dead-letter topic was read.
--
-- Not partitioned. A dead letter has no time that can be believed: its event time is often the fault, and the record
-- time is the producer's clock. Partitioned by either, one batch of absurd clocks would touch more than the 100
-- partitions that ClickHouse allows to an insert, and bad input would stop the pipeline. By processed_ts it would be
-- bounded, but a batch that is repeated after midnight would land in another partition, where its token is not known:
-- deduplication is per partition. Windows of ingest_ts are served by the sorting key.
--
-- Kept longer than the facts (30 days by default), because someone has to look at a dead letter before it can be
-- replayed. The TTL counts from processed_ts, Millrace's own clock: a producer whose clock stands in 1970 must not make
-- its dead letters expire at once.

CREATE TABLE IF NOT EXISTS analytics.fact_event_dlq {on_cluster}
(
    ingest_ts        DateTime64(3) CODEC(Delta, ZSTD(3)),
    processed_ts     DateTime64(3) CODEC(Delta, ZSTD(3)),
    service          Nullable(String),
    event_id         Nullable(String),
    request_id       Nullable(String),
    source_topic     Nullable(String),
    source_partition Nullable(Int32),
    source_offset    Nullable(Int64),
    source_key       Nullable(String),
    created_ts       Nullable(DateTime64(3)),
    error_type       LowCardinality(String),
    error_message    String CODEC(ZSTD(1)),
    raw_json         String CODEC(ZSTD(3)),
    pipeline         LowCardinality(String),
    topic            LowCardinality(String),
    kafka_partition  Int32,
    kafka_offset     Int64 CODEC(Delta, ZSTD(1))
)
ENGINE = {engine:MergeTree}
ORDER BY (ingest_ts, error_type, ifNull(source_topic, ''))
{ttl:dead_letter:processed_ts}
SETTINGS {deduplication_window};
