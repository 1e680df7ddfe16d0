-- Why:     one row per valid event (S0-52), with the columns that the seed's queries name
-- Change:  table analytics.fact_event
-- Cost:    metadata only
-- Order:   before the views of 0005 and 0006, which read it
-- Undo:    DROP TABLE analytics.fact_event; the events are lost, and Kafka gives back only what its retention still has
-- Check:   SELECT create_table_query FROM system.tables WHERE database = 'analytics' AND name = 'fact_event' shows a
--          deduplication window above 0
--
-- Partitioned by the day of the event, not of its arrival: a late event lands in the day that it belongs to, and a
-- day's reprocessing touches one partition. The lateness horizon (7 days back, 1 hour ahead) bounds how many
-- partitions one insert can open to nine; without it a single bad clock would make "too many parts".
--
-- Sorted by service, then event time: there are few services, so a window of time is one short range per service, and
-- the columns that follow the service compress. Windows of arrival time (the operating dashboards) are found by the
-- minmax index on ingest_ts: within a day both times grow together, so it leaves little to read and costs two values
-- per 8,192 rows at insert. There is no bloom filter on request_id or event_id: hashing two strings of every row would
-- be paid at every insert for a look-up that is rare and usually has a time with it.
--
-- The TTL follows the event day as well and drops whole parts. It has to stay above the lateness horizon, or a row that
-- Millrace accepted as late would vanish at the next merge; the default of 14 days leaves the latest row a week.
--
-- ingest_ms and process_ms are DEFAULT expressions: whoever leaves them out gets the differences by the definitions of
-- sql/README.md, whoever sends them (the seed's writer) is believed. Beyond Int32 (24 days) they are NULL, never
-- wrapped. stored_ts is ClickHouse's clock when it builds the row; Millrace never sends it.

CREATE TABLE IF NOT EXISTS analytics.fact_event {on_cluster}
(
    event_ts         DateTime64(3) CODEC(Delta, ZSTD(3)),
    ingest_ts        DateTime64(3) CODEC(Delta, ZSTD(3)),
    kafka_ts         Nullable(DateTime64(3)) CODEC(Delta, ZSTD(3)),
    spark_ingest_ts  Nullable(DateTime64(3)) CODEC(Delta, ZSTD(3)),
    processed_ts     DateTime64(3) CODEC(Delta, ZSTD(3)),
    stored_ts        DateTime64(3) DEFAULT now64(3) CODEC(Delta, ZSTD(3)),
    created_ts       Nullable(DateTime64(3)) CODEC(Delta, ZSTD(3)),
    ingest_ms        Nullable(Int32) DEFAULT accurateCastOrNull(dateDiff('millisecond', event_ts, ingest_ts), 'Int32'),
    process_ms       Nullable(Int32) DEFAULT accurateCastOrNull(dateDiff('millisecond', ingest_ts, processed_ts), 'Int32'),
    service          LowCardinality(String),
    domain           LowCardinality(String),
    api_group        LowCardinality(String),
    event_name       LowCardinality(String),
    result           LowCardinality(String),
    request_id       String,
    event_id         String,
    method           LowCardinality(String),
    route_template   LowCardinality(String),
    path             String CODEC(ZSTD(1)),
    status_code      Int32,
    status_synthetic Bool,
    duration_ms      Nullable(UInt32),
    level            LowCardinality(String),
    event            String CODEC(ZSTD(1)),
    user_id          Nullable(String),
    order_id         Nullable(String),
    payment_id       Nullable(String),
    reason_code      Nullable(String),
    product_id       Nullable(Int32),
    amount           Nullable(Int32),
    topic            LowCardinality(String),
    kafka_partition  Int32,
    kafka_offset     Int64 CODEC(Delta, ZSTD(1)),
    kafka_key        Nullable(String),
    raw_json         String CODEC(ZSTD(1)),
    INDEX ingest_ts_range ingest_ts TYPE minmax GRANULARITY 1
)
ENGINE = {engine:MergeTree}
PARTITION BY toDate(event_ts)
ORDER BY (service, event_ts)
{ttl:fact:event_ts}
SETTINGS ttl_only_drop_parts = 1, {deduplication_window};
