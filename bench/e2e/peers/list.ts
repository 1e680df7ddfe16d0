import { existsSync } from "node:fs";
import { factPipeline } from "../fact-pipeline.ts";
import { factSelect, messageFields } from "../fact-select.ts";
import type { Peer } from "../peer.ts";
import { consumerPeer } from "./consumer.ts";
import { kafkaEnginePeer } from "./kafka-engine.ts";
import { bestEngineSettings } from "./kafka-engine-best.ts";
import { millracePeer } from "./millrace.ts";

/** Everything that can drain the fact topic, in the order of the tables. */
export async function listPeers(): Promise<Peer[]> {
  return [
    millracePeer("millrace-rowbinary", "Millrace, kernel, RowBinary", {
      transcoder: "kernel",
      insertFormat: "rowbinary",
      pipeline: factPipeline,
    }),
    millracePeer("millrace-native", "Millrace, kernel, Native", {
      transcoder: "kernel",
      insertFormat: "native",
      pipeline: factPipeline,
    }),
    millracePeer("millrace-reference", "Millrace, reference, RowBinary", {
      transcoder: "reference",
      insertFormat: "rowbinary",
      pipeline: factPipeline,
    }),
    kafkaEnginePeer("kafka-engine-documented", "(a1) Kafka engine as documented", {
      fields: messageFields,
      select: factSelect,
      parse: "each-row",
      settings: {},
    }),
    kafkaEnginePeer("kafka-engine-best", "(a2) Kafka engine at its best", {
      fields: messageFields,
      select: factSelect,
      ...bestEngineSettings,
    }),
    consumerPeer("node-consumer", "(b) kafkajs, JSON.parse, client insert", "./node-consumer-process.ts"),
    consumerPeer("pass-through", "(c) kafkajs, raw JSON, server parses", "./pass-through-process.ts"),
    ...(await sparkPeers()),
  ];
}

/** Loaded only when the peers are listed: the others do not need what Spark needs. */
async function sparkPeers(): Promise<Peer[]> {
  const file = new URL("./spark.ts", import.meta.url);
  if (!existsSync(file)) return [];
  const module: { sparkPeers: Peer[] } = await import(file.href);
  return module.sparkPeers;
}
