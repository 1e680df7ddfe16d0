import type { ClickHouseClient, ClickHouseSettings } from "@clickhouse/client";
import { readerLimits } from "../../run/run-reader.ts";

/** An answer as a table. Values are texts, cut where they are long; null is NULL. */
export interface RowTable {
  columns: { name: string; type: string }[];
  rows: (string | null)[][];
  /** Rows or characters were left out. */
  isCut: boolean;
  seconds: number;
}

export const limits = {
  ...readerLimits,
  rows: 500,
  /** Of the whole answer: of what comes after, nothing is read. */
  bytes: 2 * 1024 * 1024,
  cellChars: 1_000,
};

/** Beside those of every query of a reader (src/run/run-reader.ts). */
const settings: ClickHouseSettings = {
  limit: String(limits.rows + 1),
  wait_end_of_query: 1,
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_denormals: 1,
  output_format_json_validate_utf8: 1,
};

/** @throws what the client throws: ClickHouse's refusals in its own words. */
export async function askRows(
  client: ClickHouseClient,
  query: string,
  parameters: Record<string, unknown> = {},
): Promise<RowTable> {
  const startedMs = performance.now();
  const { stream } = await client.exec({
    query,
    query_params: parameters,
    clickhouse_settings: { ...settings, default_format: "JSONCompactEachRowWithNamesAndTypes" } as ClickHouseSettings,
  });
  const { lines, isCut } = await readLines(stream, limits.rows + 3, limits.bytes);
  const [names = [], types = [], ...rows] = lines.map((line) => JSON.parse(line) as unknown[]);
  return {
    columns: names.map((name, index) => ({ name: String(name), type: String(types[index]) })),
    rows: rows.slice(0, limits.rows).map((row) => row.map(cellText)),
    isCut: isCut || rows.length > limits.rows,
    seconds: (performance.now() - startedMs) / 1000,
  };
}

/** So many whole lines, and so many bytes; what follows is not taken from the connection, which ends. */
async function readLines(
  stream: AsyncIterable<Uint8Array> & { destroy(): void },
  linesMax: number,
  bytesMax: number,
): Promise<{ lines: string[]; isCut: boolean }> {
  const decoder = new TextDecoder();
  let [text, bytes, isCut] = ["", 0, false];
  for await (const chunk of stream) {
    bytes += chunk.length;
    text += decoder.decode(chunk, { stream: true });
    if (bytes < bytesMax) continue;
    isCut = true;
    stream.destroy();
    break;
  }
  const lines = text.split("\n");
  // The last one is empty, or was cut in two.
  lines.pop();
  return { lines: lines.slice(0, linesMax), isCut };
}

function cellText(value: unknown): string | null {
  if (value === null) return null;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length <= limits.cellChars ? text : `${text.slice(0, limits.cellChars)}…`;
}
