import type { PanelRow } from "../panel-row.ts";
import { table } from "./last-day.ts";

const secondsOfDay = 86_400;
const oneRow = [1, 1] as const;

/** Days and times of day: they can be counted, so each says what is missing. */
export const times: readonly PanelRow[] = [
  {
    ...table,
    title: "Days: range",
    says: "First and last day of dim_date, how many there are, and how many between them are missing.",
    queries: [
      {
        sql: `SELECT min(date) AS first, max(date) AS last, count() AS days,
  dateDiff('day', first, last) + 1 - uniqExact(date) AS missing
FROM analytics.dim_date`,
        expect: { rows: oneRow, values: { days: [1_095, 1_100], missing: [0, 0] } },
      },
    ],
  },
  {
    ...table,
    title: "Days: gaps",
    says: "Days that each year has in dim_date between its first and last one, how many are missing, and the first of these.",
    queries: [
      {
        sql: `WITH arrayMap(later -> min(date) + later, range(toUInt64(dateDiff('day', min(date), max(date)) + 1))) AS expected
SELECT year, count() AS days, length(expected) - uniqExact(date) AS missing,
  if(missing = 0, '', toString(arrayFirst(one -> NOT has(groupArray(date), one), expected))) AS "first missing"
FROM analytics.dim_date
GROUP BY year
ORDER BY year`,
        expect: { rows: [3, 3], values: { days: [365, 366], missing: [0, 0] } },
      },
    ],
  },
  {
    ...{ ...table, columnUnits: { weekend: "percent" } },
    title: "Weekends",
    says: "Share of the days that are Saturdays and Sundays: two of seven.",
    queries: [
      {
        sql: "SELECT 100 * avg(is_weekend) AS weekend, countIf(is_weekend != (day_of_week >= 6)) AS wrong FROM analytics.dim_date",
        expect: { rows: oneRow, values: { weekend: [28, 29], wrong: [0, 0] } },
      },
    ],
  },
  {
    ...{ ...table, columnUnits: { covered: "percent" } },
    title: "Times: coverage",
    says: "Seconds of the day that dim_time has, of 86,400.",
    queries: [
      {
        sql: `SELECT uniqExact(time_key) AS seconds, ${secondsOfDay} - seconds AS missing, 100 * seconds / ${secondsOfDay} AS covered
FROM analytics.dim_time`,
        expect: {
          rows: oneRow,
          values: { seconds: [secondsOfDay, secondsOfDay], missing: [0, 0], covered: [100, 100] },
        },
      },
    ],
  },
  {
    ...table,
    title: "Times: by hour",
    says: "Seconds of each hour in dim_time; each has 3,600.",
    queries: [
      {
        sql: "SELECT hour, count() AS seconds FROM analytics.dim_time GROUP BY hour ORDER BY hour",
        expect: { rows: [24, 24], values: { hour: [0, 23], seconds: [3_600, 3_600] } },
      },
    ],
  },
  {
    ...{ ...table, columnUnits: { share: "percent" } },
    title: "Times: by time of day",
    says: "Seconds of dawn (from 0), morning (6), afternoon (12) and evening (18) in dim_time; each is a quarter.",
    queries: [
      {
        sql: `SELECT time_of_day, min(hour) AS from_hour, max(hour) AS to_hour, count() AS seconds, 100 * seconds / ${secondsOfDay} AS share
FROM analytics.dim_time
GROUP BY time_of_day
ORDER BY from_hour`,
        expect: { rows: [4, 4], values: { seconds: [21_600, 21_600], share: [25, 25] } },
      },
    ],
  },
];
