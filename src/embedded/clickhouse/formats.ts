/** What the HTTP interface says about output formats. */

const json = "application/json; charset=UTF-8";
const ndjson = "application/x-ndjson; charset=UTF-8";
const tsv = "text/tab-separated-values; charset=UTF-8";
const csv = "text/csv; charset=UTF-8; header=absent";
const plain = "text/plain; charset=UTF-8";
const bytes = "application/octet-stream";

const families: [pattern: RegExp, contentType: string][] = [
  [
    /^(JSON|JSONStrings|JSONColumns|JSONCompact|JSONCompactStrings|JSONCompactColumns|JSONColumnsWithMetadata|JSONObjectEachRow)$/i,
    json,
  ],
  [/^(JSON.*EachRow.*|JSONLines|NDJSON|PrettyJSONEachRow|PrettyJSONLines|PrettyNDJSON)$/i, ndjson],
  [/^(TSV|TabSeparated)/i, tsv],
  [/^CSVWithNames/i, "text/csv; charset=UTF-8; header=present"],
  [/^CSV/i, csv],
  [/^XML$/i, "application/xml; charset=UTF-8"],
  [/^Markdown$/i, "text/markdown; charset=UTF-8"],
  [/^Prometheus$/i, "text/plain; version=0.0.4; charset=UTF-8"],
  [/^(RowBinary|Native|Parquet|Arrow|ORC|Avro|MsgPack|Protobuf|CapnProto|BSON|RawBLOB|Npy)/i, bytes],
];

/** The Content-Type of an answer in this format; text formats without one of their own are plain text. */
export function contentTypeOf(format: string): string {
  return families.find(([pattern]) => pattern.test(format))?.[1] ?? plain;
}

/** Statements that answer in rows although they are no SELECT also use the default format; the rest answer nothing. */
export const readOnlyKinds = new Set([
  "SELECT",
  "WITH",
  "SHOW",
  "DESCRIBE",
  "DESC",
  "EXPLAIN",
  "EXISTS",
  "FROM",
  "VALUES",
]);
