/**
 * Every case where Millrace differs on purpose from ClickHouse's own JSONEachRow (26.7, settings of a default server).
 * The oracle test holds each row against the engine; the list in docs/differences.md is made from it.
 */
export interface IntendedDifference {
  type: string;
  /** The JSON value as it stands in the document. */
  input: string;
  /** What ClickHouse stores, as it prints it. */
  clickhouse: string;
  /** What Millrace stores, or the error_type of the dead letter. */
  millrace: string;
  why: string;
}

const wraps = "a number that does not fit is rejected, never stored as another number";
const noSuchTime = "a day or hour that does not exist is rejected, never moved to another";
const clamps = "a time out of the range is rejected, never moved to the end of the range";
const noNumber = "text that is no number is rejected, never read in part";
const guesses = "a reading that has to be guessed is rejected: the event would get a wrong time";

export const intendedDifferences: IntendedDifference[] = [
  { type: "Int8", input: "128", clickhouse: "-128", millrace: "field_range", why: wraps },
  { type: "Int8", input: '"-129"', clickhouse: "127", millrace: "field_range", why: wraps },
  { type: "UInt8", input: "256", clickhouse: "0", millrace: "field_range", why: wraps },
  { type: "Int32", input: "4294967296", clickhouse: "0", millrace: "field_range", why: wraps },
  {
    type: "Int64",
    input: "9223372036854775808",
    clickhouse: "-9223372036854775808",
    millrace: "field_range",
    why: wraps,
  },
  { type: "UInt64", input: "18446744073709551616", clickhouse: "0", millrace: "field_range", why: wraps },
  { type: "Enum8('a' = 1, 'b' = 2)", input: "257", clickhouse: "a", millrace: "field_range", why: wraps },
  { type: "Float64", input: "1e400", clickhouse: "inf", millrace: "field_range", why: wraps },
  { type: "Float32", input: "1e39", clickhouse: "inf", millrace: "field_range", why: wraps },
  { type: "Date", input: "65536", clickhouse: "1970-01-01", millrace: "field_range", why: wraps },
  { type: "Date", input: '"2149-06-07"', clickhouse: "2149-06-06", millrace: "field_range", why: clamps },
  { type: "Date", input: '"1969-12-31"', clickhouse: "1970-01-01", millrace: "field_range", why: clamps },
  { type: "Date32", input: '"2300-01-01"', clickhouse: "2299-12-31", millrace: "field_range", why: clamps },
  { type: "Date32", input: '"1899-12-31"', clickhouse: "1900-01-01", millrace: "field_range", why: clamps },
  {
    type: "DateTime('UTC')",
    input: '"2106-02-07 06:28:16"',
    clickhouse: "2106-02-07 06:28:15",
    millrace: "field_range",
    why: clamps,
  },
  { type: "DateTime('UTC')", input: "-1", clickhouse: "1970-01-01 00:00:00", millrace: "field_range", why: clamps },
  {
    type: "DateTime('UTC')",
    input: "1700000000123",
    clickhouse: "2106-02-07 06:28:15",
    millrace: "field_range",
    why: clamps,
  },
  {
    type: "DateTime('Europe/Berlin')",
    input: '"1970-01-01 00:00:00"',
    clickhouse: "1970-01-01 01:00:00",
    millrace: "field_range",
    why: clamps,
  },
  {
    type: "DateTime64(3, 'UTC')",
    input: '"2300-01-01 00:00:00"',
    clickhouse: "2300-01-01 00:00:00.000",
    millrace: "field_range",
    why: "DateTime64 is documented for 1900 to 2299; servers of other versions show another time",
  },
  {
    type: "DateTime('America/St_Johns')",
    input: '"2010-03-14 00:00:30"',
    clickhouse: "2010-03-13 23:00:30",
    millrace: "2010-03-14 01:00:30",
    why: "03:30:30 UTC, as the clock changed at 00:01; ClickHouse moves each change to a quarter hour, in reading and showing",
  },
  { type: "Date", input: '"2024-02-30"', clickhouse: "2024-03-01", millrace: "field_format", why: noSuchTime },
  { type: "Date", input: '"2024-01-0"', clickhouse: "1970-01-01", millrace: "field_format", why: noSuchTime },
  { type: "Date32", input: '"2024-01-0"', clickhouse: "1900-01-01", millrace: "field_format", why: noSuchTime },
  { type: "Date", input: "true", clickhouse: "1970-01-02", millrace: "field_type", why: "a truth value is no date" },
  { type: "Date32", input: "true", clickhouse: "1970-01-02", millrace: "field_type", why: "a truth value is no date" },
  {
    type: "DateTime64(3, 'UTC')",
    input: '"2024-01-02 25:00:00"',
    clickhouse: "2024-01-03 01:00:00.000",
    millrace: "field_format",
    why: noSuchTime,
  },
  {
    type: "DateTime64(3, 'UTC')",
    input: '"2024"',
    clickhouse: "2024-01-01 00:00:00.000",
    millrace: "field_format",
    why: guesses,
  },
  {
    type: "DateTime64(3, 'UTC')",
    input: '"02/01/2024 03:04:05"',
    clickhouse: "2024-01-02 03:04:05.000",
    millrace: "field_format",
    why: guesses,
  },
  {
    type: "DateTime64(3, 'UTC')",
    input: '"Jan 2 2024 03:04:05"',
    clickhouse: "2024-01-02 03:04:05.000",
    millrace: "field_format",
    why: guesses,
  },
  {
    type: "DateTime64(3, 'UTC')",
    input: '"17000000001234"',
    clickhouse: "1700-01-01 00:12:34.000",
    millrace: "field_format",
    why: guesses,
  },
  {
    type: "IPv4",
    input: '"0001.2.3.4"',
    clickhouse: "1.2.3.4",
    millrace: "field_format",
    why: "an address part has at most three digits",
  },
  {
    type: "IPv6",
    input: '"1:2:3:4::5:6:7:8"',
    clickhouse: "1:2:3:4:5:6:7:8",
    millrace: "field_format",
    why: "the two colons stand for at least one group (RFC 4291)",
  },
  {
    type: "IPv6",
    input: '"2001:::8a2e:370:7334"',
    clickhouse: "2001::8a2e:370:7334",
    millrace: "field_format",
    why: "three colons in a row are no address (RFC 4291)",
  },
  {
    type: "IPv6",
    input: '"::1:"',
    clickhouse: "::1",
    millrace: "field_format",
    why: "a colon stands between two groups (RFC 4291)",
  },
  {
    type: "IPv6",
    input: '"::ffff:0051.2.3.4"',
    clickhouse: "::ffff:51.2.3.4",
    millrace: "field_format",
    why: "an address part has at most three digits",
  },
  { type: "Float64", input: '"+-0"', clickhouse: "-0", millrace: "field_format", why: noNumber },
  { type: "Decimal(9, 2)", input: '"257..5"', clickhouse: "257.5", millrace: "field_format", why: noNumber },
  { type: "Decimal(9, 2)", input: '"1e"', clickhouse: "1", millrace: "field_format", why: noNumber },
  {
    type: "String",
    input: '"\\udc00"',
    clickhouse: "\ufffd\ufffd\ufffd",
    millrace: "field_format",
    why: "half of a surrogate pair has no UTF-8; ClickHouse stores three bytes that are none",
  },
  {
    type: "Enum8('a' = -1, 'b' = 0)",
    input: "null",
    clickhouse: "b",
    millrace: "a",
    why: "a null is the column's default, as a missing field is; ClickHouse stores the number 0, even where the Enum has none",
  },
  {
    type: "Decimal(9, 2)",
    input: '"-"',
    clickhouse: "0",
    millrace: "field_format",
    why: "a sign without digits is no number",
  },
  {
    type: "Map(String, Int32)",
    input: '{"a":1,"a":2}',
    clickhouse: "{'a':1,'a':2}",
    millrace: "{'a':2}",
    why: "of a key that occurs twice the last one counts, at every depth of a document",
  },
];
