-- The user of Grafana's data source: what the reader may read (reader.sql, which comes first), with the reader's bounds but
-- one. The plugin gives each query its own time-out, 60 s, and five seconds more, as max_execution_time; ClickHouse refuses a
-- setting beyond its bound instead of lowering it, so that 8 s would refuse every query. A query that would take long is
-- ended otherwise: after 2 s ClickHouse estimates from its speed how long it will take, and 8 s are the most.
--
-- {password_sha256} becomes the SHA-256 of the password, in hex; see README.md.

CREATE SETTINGS PROFILE OR REPLACE grafana_user SETTINGS
    readonly = 2 CONST,
    max_memory_usage = 1073741824 MIN 1 MAX 1073741824,
    max_memory_usage_for_user = 4294967296 CONST,
    max_threads = 4 MIN 1 MAX 4,
    max_execution_time = 65 MIN 1 MAX 65,
    timeout_before_checking_execution_speed = 2 CONST,
    max_estimated_execution_time = 8 CONST,
    priority = 10 CONST;

CREATE USER OR REPLACE grafana_user IDENTIFIED WITH sha256_hash BY '{password_sha256}'
    SETTINGS PROFILE 'grafana_user';

GRANT millrace_reader TO grafana_user;

CREATE QUOTA OR REPLACE grafana_user KEYED BY user_name FOR INTERVAL 1 minute MAX queries = 3000 TO grafana_user;
