-- Services: those of the facts since {since}, of the service map, and all that were known before. What the map says of a
-- service goes first; one that only the facts know is active while it has facts, and its group is `unassigned`.
SELECT
    seen.service AS service,
    if(map.service != '', map.service_group, 'unassigned') AS service_group,
    if(map.service != '', map.is_active, toUInt8(max(seen.has_facts))) AS is_active,
    map.description AS description
FROM
(
    SELECT toString(service) AS service, 1 AS has_facts FROM analytics.fact_event WHERE ingest_ts >= {since:DateTime64(3)} GROUP BY service
    UNION ALL
    SELECT service, 0 FROM analytics.millrace_service_map
    UNION ALL
    SELECT service, 0 FROM analytics.dim_service
) AS seen
LEFT JOIN analytics.millrace_service_map AS map ON map.service = seen.service
WHERE seen.service != ''
GROUP BY seen.service, map.service, map.service_group, map.is_active, map.description
ORDER BY service
