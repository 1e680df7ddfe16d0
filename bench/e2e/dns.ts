import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { MessageField } from "./fact-select.ts";
import type { Peer, PeerContext } from "./peer.ts";
import { kafkaEnginePeer } from "./peers/kafka-engine.ts";
import { bestEngineSettings } from "./peers/kafka-engine-best.ts";
import { millracePeer } from "./peers/millrace.ts";
import type { BenchColumn, BenchTable } from "./table.ts";
import type { SourceDocument } from "./topic.ts";

/** DNS logs of a real network (Zeek), which no one here wrote: another shape than the simulator's. */
const dnsFile: string = fileURLToPath(new URL("../../../shared/data/zeek-dns.ndjson.gz", import.meta.url));

export function hasDnsFile(): boolean {
  return existsSync(dnsFile);
}

const documentColumns: readonly BenchColumn[] = [
  { name: "_path", type: "LowCardinality(String)" },
  { name: "_write_ts", type: "DateTime64(6)" },
  { name: "ts", type: "DateTime64(6)" },
  { name: "uid", type: "String" },
  { name: "id.orig_h", type: "IPv4" },
  { name: "id.orig_p", type: "UInt16" },
  { name: "id.resp_h", type: "IPv4" },
  { name: "id.resp_p", type: "UInt16" },
  { name: "proto", type: "LowCardinality(String)" },
  { name: "trans_id", type: "UInt32" },
  { name: "rtt", type: "Nullable(Float64)" },
  { name: "query", type: "Nullable(String)" },
  { name: "qclass", type: "Nullable(UInt16)" },
  { name: "qclass_name", type: "LowCardinality(Nullable(String))" },
  { name: "qtype", type: "Nullable(UInt16)" },
  { name: "qtype_name", type: "LowCardinality(String)" },
  { name: "rcode", type: "Nullable(UInt8)" },
  { name: "rcode_name", type: "LowCardinality(Nullable(String))" },
  { name: "AA", type: "Bool" },
  { name: "TC", type: "Bool" },
  { name: "RD", type: "Bool" },
  { name: "RA", type: "Bool" },
  { name: "Z", type: "UInt8" },
  { name: "answers", type: "Array(String)" },
  { name: "TTLs", type: "Array(Float64)" },
  { name: "rejected", type: "Bool" },
];

export const dnsTable: BenchTable = {
  name: "bench.dns",
  columns: [
    ...documentColumns,
    { name: "kafka_partition", type: "Int32" },
    { name: "kafka_offset", type: "Int64", suffix: "CODEC(Delta, ZSTD(1))" },
  ],
  engine: "MergeTree ORDER BY ts",
};

/** The file's lines, over and over. */
export async function dnsDocuments(): Promise<(index: number) => SourceDocument> {
  const text = gunzipSync(await readFile(dnsFile));
  const lines: SourceDocument[] = [];
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf(10, start);
    const bytes = text.subarray(start, end === -1 ? text.length : end);
    if (bytes.length > 0) lines.push({ bytes, length: bytes.length });
    start = end === -1 ? text.length : end + 1;
  }
  return (index) => lines[index % lines.length]!;
}

function dnsPipeline({ topic, table }: PeerContext): string {
  return JSON.stringify({ name: "bench", topics: [topic], table, lateness: "none", columns: {} });
}

/** Times are text in the documents; a view's JSONExtract reads them as text first. */
const fields: readonly MessageField[] = documentColumns.map(({ name, type }) => ({
  name,
  type: type.startsWith("DateTime64") ? "String" : type,
}));

function dnsSelect(field: (name: string) => string): string {
  return documentColumns
    .map(({ name, type }) => {
      const value = field(name);
      return `${type.startsWith("DateTime64") ? `parseDateTime64BestEffort(${value}, 6)` : value} AS \`${name}\``;
    })
    .join(", ");
}

export const dnsPeers: readonly Peer[] = [
  millracePeer("millrace-rowbinary", "Millrace, kernel, RowBinary", {
    transcoder: "kernel",
    insertFormat: "rowbinary",
    pipeline: dnsPipeline,
  }),
  millracePeer("millrace-native", "Millrace, kernel, Native", {
    transcoder: "kernel",
    insertFormat: "native",
    pipeline: dnsPipeline,
  }),
  kafkaEnginePeer("kafka-engine-best", "(a2) Kafka engine at its best", {
    fields,
    select: dnsSelect,
    ...bestEngineSettings,
  }),
];
