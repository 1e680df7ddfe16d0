/**
 * How the times of a column may be written (`time` of a column in a pipeline file). The one list: the check of pipeline
 * files, the readers, help and docs are made from it. Each example is read by its format (src/codec/reference/time/read-time.test.ts).
 */
export const timeFormats = {
  auto: {
    reads:
      "what JSONEachRow reads without a guess: ISO 8601 and ClickHouse's own form, with an offset or in the column's " +
      "time zone, and text of 9, 10, 13, 16 or 19 digits as seconds, ms, µs or ns; a whole number counts the column's own ticks",
    example: "2024-04-05T10:11:12.345Z",
  },
  rfc3339: { reads: "RFC 3339; the offset is required", example: "2024-04-05T10:11:12.345+02:00" },
  clickhouse: {
    reads: "as ClickHouse prints it, in the column's time zone; or the date alone",
    example: "2024-04-05 10:11:12.345",
  },
  clf: {
    reads: "common log format of web servers, with or without the brackets",
    example: "[05/Apr/2024:10:11:12 +0200]",
  },
  rfc2822: {
    reads: "dates of mail and HTTP; the day of the week may be missing, the zone may not",
    example: "Fri, 05 Apr 2024 10:11:12 +0200",
  },
  ctime: {
    reads: "C's ctime and date; without a zone in the column's time zone",
    example: "Fri Apr  5 10:11:12 2024",
  },
  month_name: {
    reads:
      "a date with the month's English name, before or after the day, perhaps a time, perhaps an offset; without one in " +
      "the column's time zone. A year is required, so plain syslog is not read",
    example: "Apr 5, 2024 10:11:12.345",
  },
  epoch_s: { reads: "seconds since 1970, number or text; a fraction is kept, exactly", example: "1712304672.123456" },
  epoch_ms: { reads: "milliseconds since 1970, the same way", example: "1712304672123.456" },
  epoch_us: { reads: "microseconds since 1970, the same way", example: "1712304672123456" },
  epoch_ns: { reads: "nanoseconds since 1970, the same way", example: "1712304672123456789" },
} as const satisfies Record<string, { reads: string; example: string }>;

export type TimeFormat = keyof typeof timeFormats;

export const timeFormatNames = Object.keys(timeFormats) as TimeFormat[];
