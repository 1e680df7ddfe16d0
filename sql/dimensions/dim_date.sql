-- Days: every one from the beginning of last year to the end of next year, in {zone}, and none missing back to the first that
-- was known before. Numbers of days and weeks are those of ISO 8601: Monday is 1.
WITH
    toDate(now(), {zone:String}) AS today,
    (SELECT min(date) FROM analytics.dim_date) AS known_first,
    (SELECT max(date) FROM analytics.dim_date) AS known_last,
    toStartOfYear(today) - INTERVAL 1 YEAR AS first_of_last_year,
    toStartOfYear(today) + INTERVAL 2 YEAR - INTERVAL 1 DAY AS last_of_next_year,
    if(known_first > toDate(0), least(known_first, first_of_last_year), first_of_last_year) AS first_day,
    greatest(known_last, last_of_next_year) AS last_day
SELECT
    toDate(first_day + number) AS date,
    toYear(date) AS year,
    toMonth(date) AS month,
    toDayOfMonth(date) AS day,
    toISOWeek(date) AS week,
    toDayOfWeek(date) AS day_of_week,
    toUInt8(toDayOfWeek(date) >= 6) AS is_weekend
FROM numbers(65536)
WHERE number <= dateDiff('day', first_day, last_day)
ORDER BY date
