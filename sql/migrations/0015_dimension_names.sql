-- Why:     panels and people want names beside facts without writing five joins
-- Change:  dictionaries analytics.dict_service, dict_status_code, dict_date, dict_time and dict_user over the tables of 0014;
--          view analytics.fact_event_named, the facts with the names beside them
-- Cost:    metadata only. A dictionary is loaded into memory when it is first asked for: 86,400 times take 10 MB, users some
--          100 bytes each. Nothing is added to an insert of facts
-- Order:   after 0014
-- Undo:    DROP VIEW analytics.fact_event_named, then DROP DICTIONARY the five
-- Check:   after `millrace dims refresh`: SELECT dictGet('analytics.dict_status_code', 'status_class', toInt32(500)) is 5xx
--
-- ClickHouse reads the tables as its user `default` without a password. Where that user may not log in, a dictionary is not
-- loaded, and `millrace dims refresh` says so: make it anew with a user that may read the tables, by CREATE OR REPLACE
-- DICTIONARY … SOURCE(CLICKHOUSE(DB … TABLE … USER … PASSWORD …)), or join the tables.
--
-- A refresh has them read anew at once, where its user may (SYSTEM RELOAD DICTIONARY); else they do so within two minutes.
--
-- Days and times of day in the view are those of the zone that `millrace dims refresh --zone` was given last; before the
-- first refresh, of Asia/Seoul. A service, code or user without a row has the name `unknown`.

CREATE DICTIONARY IF NOT EXISTS analytics.dict_service {on_cluster}
(
    service       String,
    service_group String DEFAULT 'unknown',
    is_active     UInt8 DEFAULT 0,
    description   Nullable(String)
)
PRIMARY KEY service
SOURCE(CLICKHOUSE(DB 'analytics' TABLE 'dim_service'))
LIFETIME(MIN 60 MAX 120)
LAYOUT(COMPLEX_KEY_HASHED());

CREATE DICTIONARY IF NOT EXISTS analytics.dict_status_code {on_cluster}
(
    status_code  Int32,
    status_class String DEFAULT 'unknown',
    is_error     UInt8 DEFAULT 0,
    description  Nullable(String)
)
PRIMARY KEY status_code
SOURCE(CLICKHOUSE(DB 'analytics' TABLE 'dim_status_code'))
LIFETIME(MIN 60 MAX 120)
LAYOUT(COMPLEX_KEY_HASHED());

CREATE DICTIONARY IF NOT EXISTS analytics.dict_date {on_cluster}
(
    date        Date,
    year        UInt16 DEFAULT 0,
    month       UInt8 DEFAULT 0,
    day         UInt8 DEFAULT 0,
    week        UInt8 DEFAULT 0,
    day_of_week UInt8 DEFAULT 0,
    is_weekend  UInt8 DEFAULT 0
)
PRIMARY KEY date
SOURCE(CLICKHOUSE(DB 'analytics' TABLE 'dim_date'))
LIFETIME(MIN 60 MAX 120)
LAYOUT(COMPLEX_KEY_HASHED());

CREATE DICTIONARY IF NOT EXISTS analytics.dict_time {on_cluster}
(
    time_key    UInt32,
    hour        UInt8 DEFAULT 0,
    minute      UInt8 DEFAULT 0,
    second      UInt8 DEFAULT 0,
    time_of_day String DEFAULT 'unknown'
)
PRIMARY KEY time_key
SOURCE(CLICKHOUSE(DB 'analytics' TABLE 'dim_time'))
LIFETIME(MIN 60 MAX 120)
LAYOUT(COMPLEX_KEY_HASHED());

CREATE DICTIONARY IF NOT EXISTS analytics.dict_user {on_cluster}
(
    user_id     String,
    is_active   UInt8 DEFAULT 0,
    description Nullable(String)
)
PRIMARY KEY user_id
SOURCE(CLICKHOUSE(DB 'analytics' TABLE 'dim_user'))
LIFETIME(MIN 60 MAX 120)
LAYOUT(COMPLEX_KEY_HASHED());

CREATE VIEW IF NOT EXISTS analytics.fact_event_named {on_cluster} AS
WITH
    (
        SELECT argMax(toString(r.zone), r.sequence) FROM analytics.millrace_dim_refreshes AS r WHERE r.outcome = 'done'
    ) AS refreshed_zone,
    -- Empty before the first refresh, and while ClickHouse only looks at the view's types.
    if(ifNull(refreshed_zone, '') = '', 'Asia/Seoul', assumeNotNull(refreshed_zone)) AS dim_zone
SELECT
    f.event_ts AS event_ts,
    f.ingest_ts AS ingest_ts,
    f.service AS service,
    dictGet('analytics.dict_service', 'service_group', toString(f.service)) AS service_group,
    f.status_code AS status_code,
    dictGet('analytics.dict_status_code', 'status_class', f.status_code) AS status_class,
    dictGet('analytics.dict_status_code', 'is_error', f.status_code) AS is_error,
    f.user_id AS user_id,
    toDate(f.event_ts, dim_zone) AS date,
    dictGet('analytics.dict_date', 'day_of_week', date) AS day_of_week,
    dictGet('analytics.dict_date', 'is_weekend', date) AS is_weekend,
    toHour(f.event_ts, dim_zone) AS hour,
    toUInt32(hour * 10000 + toMinute(f.event_ts, dim_zone) * 100 + toSecond(f.event_ts, dim_zone)) AS time_key,
    dictGet('analytics.dict_time', 'time_of_day', time_key) AS time_of_day,
    f.event_name AS event_name,
    f.topic AS topic,
    f.kafka_partition AS kafka_partition,
    f.kafka_offset AS kafka_offset
FROM analytics.fact_event AS f;
