import { factPipeline } from "../fact-pipeline.ts";
import { factSelect, messageFields } from "../fact-select.ts";
import type { Peer } from "../peer.ts";
import { consumerPeer } from "./consumer.ts";
import { kafkaEnginePeer } from "./kafka-engine.ts";
import { bestEngineSettings } from "./kafka-engine-best.ts";
import { millracePeer } from "./millrace.ts";

/** Everything that can drain the fact topic, in the order of the tables. */
export async function listPeers(): Promise<Peer[]> {
  // Loaded here only: what runs a single peer does not need what Spark needs.
  const { sparkNoopPeer, sparkPeer } = await import("./spark.ts");
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
    {
      ...millracePeer("millrace-reference", "Millrace, reference, RowBinary", {
        transcoder: "reference",
        insertFormat: "rowbinary",
        pipeline: factPipeline,
      }),
      onlyByName: true,
    },
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
    sparkPeer,
    sparkNoopPeer,
  ];
}
