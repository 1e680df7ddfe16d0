-- The user of people and of what they write, and the rights of Grafana's (grafana.sql): it reads facts, dead letters, aggregates and ClickHouse's own logs. Its queries are
-- bounded so that no panel takes the machine away from the inserts: 1 GiB, 4 threads, 8 s, and after all others
-- (a higher number is a lower priority).
--
-- readonly is 2 and not 1: clients send settings with a query, and 1 refuses them all. The bounds below hold all the
-- same; a minimum of 1 is there because 0 means unlimited. A client that asks for more than 8 s is refused.
--
-- {password_sha256} becomes the SHA-256 of the password, in hex; see README.md.

CREATE SETTINGS PROFILE OR REPLACE millrace_reader SETTINGS
    readonly = 2 CONST,
    max_memory_usage = 1073741824 MIN 1 MAX 1073741824,
    max_memory_usage_for_user = 4294967296 CONST,
    max_threads = 4 MIN 1 MAX 4,
    max_execution_time = 8 MIN 1 MAX 8,
    priority = 10 CONST;

CREATE ROLE IF NOT EXISTS millrace_reader;

GRANT SELECT ON analytics.fact_event TO millrace_reader;
GRANT SELECT ON analytics.fact_event_dlq TO millrace_reader;
GRANT SELECT ON analytics.millrace_latency TO millrace_reader;
GRANT SELECT ON analytics.millrace_gaps TO millrace_reader;
GRANT SELECT ON analytics.millrace_replays TO millrace_reader;
GRANT SELECT ON analytics.millrace_writers TO millrace_reader;
GRANT SELECT ON analytics.millrace_arrival_10s TO millrace_reader;
GRANT SELECT ON analytics.millrace_event_1m TO millrace_reader;
GRANT SELECT ON analytics.millrace_dead_1m TO millrace_reader;
GRANT SELECT ON analytics.fact_event_agg_10s TO millrace_reader;
GRANT SELECT ON analytics.fact_event_agg_1m TO millrace_reader;
GRANT SELECT ON analytics.fact_event_lag_1m TO millrace_reader;
GRANT SELECT ON analytics.fact_event_freshness_1m TO millrace_reader;
GRANT SELECT ON analytics.fact_event_latency_10s TO millrace_reader;
GRANT SELECT ON analytics.fact_event_latency_1m TO millrace_reader;
GRANT SELECT ON analytics.fact_event_latency_stage_10s TO millrace_reader;
GRANT SELECT ON analytics.fact_event_latency_service_1m TO millrace_reader;
GRANT SELECT ON analytics.fact_event_dlq_agg_1m TO millrace_reader;
GRANT SELECT ON analytics.fact_event_completeness_1m TO millrace_reader;
GRANT SELECT ON analytics.fact_event_created_stored_1m TO millrace_reader;
GRANT SELECT ON analytics.millrace_cohorts_1m TO millrace_reader;
GRANT SELECT ON analytics.millrace_offsets_1m TO millrace_reader;
GRANT SELECT ON analytics.arrivals TO millrace_reader;
GRANT SELECT ON analytics.completeness TO millrace_reader;
GRANT SELECT ON analytics.freshness TO millrace_reader;
GRANT SELECT ON analytics.latency TO millrace_reader;
GRANT SELECT ON analytics.latency_series TO millrace_reader;
GRANT SELECT ON analytics.latency_buckets TO millrace_reader;
GRANT SELECT ON analytics.fact_event_named TO millrace_reader;
GRANT SELECT ON analytics.dim_service TO millrace_reader;
GRANT SELECT ON analytics.dim_status_code TO millrace_reader;
GRANT SELECT ON analytics.dim_date TO millrace_reader;
GRANT SELECT ON analytics.dim_time TO millrace_reader;
GRANT SELECT ON analytics.dim_user TO millrace_reader;
GRANT SELECT ON analytics.millrace_service_map TO millrace_reader;
GRANT SELECT ON analytics.millrace_dim_refreshes TO millrace_reader;
GRANT SELECT, dictGet ON analytics.dict_service TO millrace_reader;
GRANT SELECT, dictGet ON analytics.dict_status_code TO millrace_reader;
GRANT SELECT, dictGet ON analytics.dict_date TO millrace_reader;
GRANT SELECT, dictGet ON analytics.dict_time TO millrace_reader;
GRANT SELECT, dictGet ON analytics.dict_user TO millrace_reader;

GRANT SELECT ON system.parts TO millrace_reader;
GRANT SELECT ON system.merges TO millrace_reader;
GRANT SELECT ON system.query_log TO millrace_reader;
GRANT SELECT ON system.merge_tree_settings TO millrace_reader;
GRANT SELECT ON system.settings TO millrace_reader;
GRANT SELECT ON system.part_log TO millrace_reader;
GRANT SELECT ON system.asynchronous_insert_log TO millrace_reader;

-- A panel that refreshes in a loop is stopped for the rest of the minute.
CREATE QUOTA OR REPLACE millrace_reader KEYED BY user_name FOR INTERVAL 1 minute MAX queries = 3000 TO millrace_reader;

CREATE USER OR REPLACE millrace_reader IDENTIFIED WITH sha256_hash BY '{password_sha256}'
    SETTINGS PROFILE 'millrace_reader';

GRANT millrace_reader TO millrace_reader;
