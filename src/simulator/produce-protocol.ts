import {
  type Connection,
  createAPI,
  initProducerIdV1,
  metadataV6,
  protocolErrorsCodesById,
  type Reader,
  Writer,
} from "@platformatic/kafka";
import type { TopicPartition } from "../core/topic-partition.ts";

/** A finished record batch and where it goes. */
export interface PartitionBatch extends TopicPartition {
  bytes: Buffer;
}

export interface PartitionAnswer extends TopicPartition {
  /** 0: written. */
  errorCode: number;
  /** −1: unknown. */
  baseOffset: number;
}

/**
 * Produce, version 7: the last one without flexible fields, understood by Kafka 2.1 up to 4.x, with zstd allowed
 * (https://kafka.apache.org/protocol#The_Messages_Produce).
 *
 * Errors of partitions are answers here, not exceptions: each partition is retried by itself.
 */
const produceV7 = createAPI<[acks: number, timeoutMs: number, batches: PartitionBatch[]], PartitionAnswer[]>(
  0,
  7,
  encodeProduce,
  decodeProduce,
  false,
  false,
);

function encodeProduce(acks: number, timeoutMs: number, batches: PartitionBatch[]): Writer {
  const byTopic = Map.groupBy(batches, (batch) => batch.topic);
  const writer = Writer.create()
    .appendString(null, false)
    .appendInt16(acks)
    .appendInt32(timeoutMs)
    .appendArray(
      [...byTopic],
      (w, [topic, partitions]) => {
        w.appendString(topic, false).appendArray(
          partitions,
          (inner, { partition, bytes }) => {
            inner.appendInt32(partition).appendInt32(bytes.length).append(bytes);
          },
          false,
          false,
        );
      },
      false,
      false,
    );
  if (acks === 0) writer.context.noResponse = true;
  return writer;
}

function decodeProduce(
  _correlationId: number,
  _apiKey: number,
  _apiVersion: number,
  reader: Reader,
): PartitionAnswer[] {
  const answers: PartitionAnswer[] = [];
  reader.readArray(
    (r) => {
      const topic = r.readString(false);
      r.readArray(
        (inner) => {
          const partition = inner.readInt32();
          const errorCode = inner.readInt16();
          const baseOffset = Number(inner.readInt64());
          inner.readInt64(); // log append time
          inner.readInt64(); // log start offset
          answers.push({ topic, partition, errorCode, baseOffset });
        },
        false,
        false,
      );
    },
    false,
    false,
  );
  reader.readInt32(); // throttle time
  return answers;
}

/** Sends batches to the leader at the other end. With acks 0 there is no answer: all count as written, offset unknown. */
export async function produce(
  connection: Connection,
  acks: number,
  timeoutMs: number,
  batches: PartitionBatch[],
): Promise<PartitionAnswer[]> {
  const answers = await produceV7.async(connection, acks, timeoutMs, batches);
  if (acks !== 0) return answers;
  return batches.map(({ topic, partition }) => ({ topic, partition, errorCode: 0, baseOffset: -1 }));
}

export interface ProducerIdentity {
  producerId: bigint;
  producerEpoch: number;
}

/** Asks for a producer id for idempotence without transactions. */
export async function initProducerId(connection: Connection): Promise<ProducerIdentity> {
  const { producerId, producerEpoch } = await initProducerIdV1.api.async(connection, null, 0);
  return { producerId, producerEpoch };
}

export interface ClusterMetadata {
  brokers: Map<number, { host: string; port: number }>;
  /** Node id of each partition's leader by topic; −1: none at present. A topic that does not exist is absent. */
  leaders: Map<string, number[]>;
}

/** Asks for brokers and leaders; never creates a topic. */
export async function fetchMetadata(connection: Connection, topics: string[]): Promise<ClusterMetadata> {
  const response = await metadataV6.api.async(connection, topics, false).catch(metadataOfError);
  const brokers = new Map<number, { host: string; port: number }>();
  for (const { nodeId, host, port } of response.brokers) brokers.set(nodeId, { host, port });
  const leaders = new Map<string, number[]>();
  for (const topic of response.topics) {
    if (topic.errorCode !== 0) continue;
    const nodes: number[] = [];
    for (const { partitionIndex, leaderId } of topic.partitions) nodes[partitionIndex] = leaderId;
    leaders.set(topic.name, nodes);
  }
  return { brokers, leaders };
}

type MetadataResponse = Awaited<ReturnType<typeof metadataV6.api.async>>;

/** The client library throws when any topic or partition has an error; the answer it carries is what is needed. */
function metadataOfError(error: unknown): MetadataResponse {
  const response = (error as { response?: MetadataResponse }).response;
  if (response?.brokers === undefined) throw error;
  return response;
}

export function errorName(code: number): string {
  return protocolErrorsCodesById[code] ?? `error ${code}`;
}
