/**
 * Every case where Millrace differs on purpose from ClickHouse's own JSONEachRow (26.7, settings of a default server).
 * The oracle test holds each row against the engine; the README list is made from it.
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
const clamps = "a time out of the range is rejected, never moved to the end of the range";
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
];
