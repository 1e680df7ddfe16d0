import { MillraceError } from "../../src/core/errors.ts";
import { ClusterConnections } from "../../src/simulator/cluster-connections.ts";
import { errorName, type PartitionBatch, produce } from "../../src/simulator/produce-protocol.ts";

const REQUEST_TIMEOUT_MS = 30_000;

/** Sends finished record batches, several requests at a time, without producer identity. */
export interface ReplayConnection {
  /** Partitions of a topic. */
  partitionsOf(topic: string): number;
  /** Sends to each partition's leader and waits for the acknowledgement. @throws MillraceError E_KAFKA when one refuses. */
  send(batches: PartitionBatch[]): Promise<void>;
  close(): Promise<void>;
}

/** @throws MillraceError E_KAFKA when no broker answers or a topic is missing. */
export async function connectReplay(brokers: string[], topics: string[]): Promise<ReplayConnection> {
  const cluster = new ClusterConnections(brokers, topics, "bench-replay", REQUEST_TIMEOUT_MS + 1_000);
  await cluster.refresh();
  const { leaders } = cluster.metadata;
  const missing = topics.filter((topic) => !leaders.has(topic));
  if (missing.length > 0) {
    await cluster.close();
    throw new MillraceError("E_KAFKA", `Cannot replay into ${missing.join(", ")}: no such topic`);
  }
  return {
    partitionsOf: (topic) => leaders.get(topic)!.length,
    async send(batches) {
      const byLeader = Map.groupBy(batches, ({ topic, partition }) => leaders.get(topic)![partition]!);
      await Promise.all(
        [...byLeader].map(async ([leader, own]) => {
          const answers = await produce(await cluster.toNode(leader), 1, REQUEST_TIMEOUT_MS, own);
          const refused = answers.find(({ errorCode }) => errorCode !== 0);
          if (refused === undefined) return;
          const where = `${refused.topic}:${refused.partition}`;
          throw new MillraceError(
            "E_KAFKA",
            `Cannot replay into ${where}: the broker says ${errorName(refused.errorCode)}`,
          );
        }),
      );
    },
    close: () => cluster.close(),
  };
}
