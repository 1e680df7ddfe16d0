import { textOf } from "../ingest/dead-letters/raw-text.ts";
import { plainJson, type ShownValue } from "../operate/tail/decode-value.ts";
import type { TailedRecord } from "../operate/tail/read-records.ts";
import type { TableRow } from "../operate/tail/table-reader.ts";
import { formatTime } from "./dead-letter-text.ts";

/** A record as one line for people: when, where, its key and headers, and its value. */
export function recordLine(record: TailedRecord, value: ShownValue): string {
  const { topic, partition, offset, timeMs, key, headers } = record;
  const named = headers.map(([name, bytes]) => `${name}=${bytesText(bytes)}`);
  return [
    timeMs === undefined ? "no time" : formatTime(timeMs),
    `${topic}:${partition}:${offset}`,
    ...(key === undefined ? [] : [`key=${bytesText(key)}`]),
    ...(named.length === 0 ? [] : [`[${named.join(" ")}]`]),
    valueText(value),
  ]
    .map(visible)
    .join("  ");
}

/** The same for programs. Bytes that are no text are base64, under a name that says so. */
export function recordJson(record: TailedRecord, value: ShownValue): Record<string, unknown> {
  const { topic, partition, offset, timeMs, key, headers } = record;
  return {
    ...{ topic, partition, offset, time: timeMs === undefined ? null : new Date(timeMs).toISOString() },
    ...bytesJson("key", key),
    headers: headers.map(([name, bytes]) => ({ name, ...bytesJson("value", bytes) })),
    ...(value === null
      ? { value: null }
      : "base64" in value
        ? { valueBase64: value.base64 }
        : { value: "document" in value ? plainJson(value.document) : value.text }),
  };
}

/** A row as one line: its time first, then what is not empty. */
export function rowLine(row: TableRow, by: string): string {
  const cells = Object.entries(row)
    .filter(([name, value]) => name !== by && value !== "" && value !== null)
    .map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`);
  return visible([String(row[by]), ...cells].join("  "));
}

/** A dead letter as one line: when, which record, why, and its document. */
export function letterLine(row: TableRow): string {
  const place = `${row.topic}:${row.kafka_partition}:${row.kafka_offset}`;
  return visible([row.processed_ts, place, row.error_type, row.error_message, row.raw_json].map(String).join("  "));
}

function valueText(value: ShownValue): string {
  if (value === null) return "(no value: a tombstone)";
  if ("base64" in value) return `(no text) ${value.base64}`;
  return "document" in value ? JSON.stringify(plainJson(value.document)) : value.text;
}

function bytesText(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "null" : (textOf(bytes) ?? `0x${Buffer.from(bytes).toString("hex")}`);
}

function bytesJson(name: string, bytes: Uint8Array | undefined): Record<string, string | null> {
  if (bytes === undefined) return { [name]: null };
  const text = textOf(bytes);
  return text === undefined ? { [`${name}Base64`]: Buffer.from(bytes).toString("base64") } : { [name]: text };
}

/** Without control characters: a record must not steer the terminal. */
function visible(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}
