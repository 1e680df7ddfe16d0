-- Times of day: every second. Which of them an event belongs to depends on the zone (analytics.fact_event_named), the names of
-- the times do not.
SELECT
    toUInt32(hour * 10000 + minute * 100 + second) AS time_key,
    toUInt8(intDiv(number, 3600)) AS hour,
    toUInt8(intDiv(number, 60) % 60) AS minute,
    toUInt8(number % 60) AS second,
    ['dawn', 'morning', 'afternoon', 'evening'][intDiv(hour, 6) + 1] AS time_of_day
FROM numbers(86400)
ORDER BY time_key
