-- Users: those of the facts since {since}, who are active, and all that were known before.
SELECT
    user_id,
    max(has_facts) AS is_active,
    max(known_description) AS description
FROM
(
    SELECT assumeNotNull(user_id) AS user_id, toUInt8(1) AS has_facts, CAST(NULL, 'Nullable(String)') AS known_description
    FROM analytics.fact_event
    WHERE ingest_ts >= {since:DateTime64(3)} AND user_id IS NOT NULL AND user_id != ''
    GROUP BY user_id
    UNION ALL
    SELECT user_id, toUInt8(0), description FROM analytics.dim_user
)
GROUP BY user_id
ORDER BY user_id
