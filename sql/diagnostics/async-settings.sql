-- What ClickHouse does with an INSERT that does not say itself whether it is asynchronous. Those of Millrace do.
SELECT s.name AS setting, s.value AS value, if(s.changed, 'changed', 'default') AS origin
FROM system.settings AS s
WHERE s.name IN ('async_insert', 'wait_for_async_insert', 'async_insert_deduplicate', 'async_insert_max_data_size',
                 'async_insert_busy_timeout_ms', 'async_insert_busy_timeout_max_ms', 'async_insert_use_adaptive_busy_timeout')
ORDER BY setting
