import { createRequire } from "node:module";
import type { Kafka } from "kafkajs";
import type { ApiVersions } from "./facts.ts";

const require = createRequire(import.meta.url);

/** Requests that the ingester sends. */
const needed = [
  "Fetch",
  "ListOffsets",
  "Metadata",
  "OffsetCommit",
  "OffsetFetch",
  "GroupCoordinator",
  "JoinGroup",
  "Heartbeat",
  "LeaveGroup",
  "SyncGroup",
] as const;

/** kafkajs' private cluster, as much of it as is used here. */
export interface KafkaCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  brokerPool: { versions: Record<number, { minVersion: number; maxVersion: number }> };
}

/**
 * A cluster of its own, not connected yet: what kafkajs' clients are made of (2.2.4). TLS and logins are those of all
 * other connections.
 */
export function openCluster(kafka: Kafka): KafkaCluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) => description?.endsWith(":createCluster"));
  return (kafka as unknown as Record<symbol, (options: object) => KafkaCluster>)[symbol!]!({});
}

/**
 * Which versions of the requests that we need a broker offers, and kafkajs speaks. kafkajs asks at every connection, and
 * keeps the answer to itself.
 */
export async function readApiVersions(kafka: Kafka): Promise<ApiVersions[]> {
  const cluster = openCluster(kafka);
  await cluster.connect();
  const offered = cluster.brokerPool.versions;
  await cluster.disconnect();
  const keys: Record<string, number> = require("kafkajs/src/protocol/requests/apiKeys.js");
  const { requests } = require("kafkajs/src/protocol/requests/index.js") as {
    requests: Record<string, { versions: (string | number)[] }>;
  };
  return needed.map((name) => {
    const spoken = requests[name]!.versions.map(Number);
    const range = offered[keys[name]!];
    return {
      name,
      broker: range === undefined ? undefined : { min: range.minVersion, max: range.maxVersion },
      client: { min: Math.min(...spoken), max: Math.max(...spoken) },
    };
  });
}
