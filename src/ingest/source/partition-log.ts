import { classifyKafkaError } from "../../clients/kafka/classify-error.ts";
import { type AnsweredCluster, NO_LEADER, type PartitionError } from "../../clients/kafka/partial-admin.ts";
import { MillraceError } from "../../core/errors.ts";
import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import type { FetchedBatch } from "./fetched-batch.ts";
import { type BrokerPool, TopicLeaders } from "./topic-leaders.ts";

/** As Kafka numbers them. Up to the last stable offset; up to the high watermark. */
export const READ_UNCOMMITTED = 0;
export const READ_COMMITTED = 1;

/** Times that ListOffsets takes for the log's two ends. */
const LOG_END = -1;
const LOG_START = -2;

interface LogBroker {
  fetch(request: object): Promise<{
    failed: PartitionError[];
    responses: { partitions: { lastStableOffset: string; messages: FetchedBatch[] }[] }[];
  }>;
  listOffsets(request: object): Promise<{ responses: { partitions: { offset: string }[] }[] }>;
}

export interface LogCluster extends AnsweredCluster {
  brokerPool: BrokerPool<LogBroker>;
  disconnect(): Promise<void>;
}

/** What one question to the leader came to. */
export type LogAnswer =
  /** Whole batches, none of them before the offset; none at all, too. `stableEnd`: the broker shows what lies below. */
  | { kind: "records"; batches: FetchedBatch[]; stableEnd: number }
  | { kind: "outOfRange"; logStart: number; logEnd: number }
  /** The cluster does not know the topic or the partition: it was deleted, or whoever was asked has just started. */
  | { kind: "absent" }
  /** To be asked again. */
  | { kind: "unavailable"; reason: string };

/** Questions to the leaders of partitions, outside any group. */
export class PartitionLogs {
  readonly #cluster: LogCluster;
  readonly #leaders: TopicLeaders<LogBroker>;

  constructor(cluster: LogCluster) {
    this.#cluster = cluster;
    this.#leaders = new TopicLeaders(cluster.brokerPool);
  }

  /**
   * What the log has from `offset` on, as much as fits into `bytesMax`, one batch at least. Whoever takes the answer releases
   * its batches. Does not wait for records: a broker answers the requests of a connection one after the other, and other
   * partitions' are behind this one.
   *
   * @throws MillraceError E_KAFKA when no repeat can help: the user may not read the topic, a login is refused.
   */
  async ask(at: TopicPartition, offset: number, bytesMax: number, isolationLevel: number): Promise<LogAnswer> {
    const leaders = this.#leaders.of(at.topic);
    const answer = await this.#askLeader(at, leaders, async (broker): Promise<LogAnswer> => {
      const partitions = [{ partition: at.partition, fetchOffset: String(offset), maxBytes: bytesMax }];
      const limits = { maxWaitTime: 0, minBytes: 1, maxBytes: bytesMax, isolationLevel };
      const { failed, responses } = await broker.fetch({ ...limits, topics: [{ topic: at.topic, partitions }] });
      if (failed[0] !== undefined) return { kind: "unavailable", reason: failed[0].type };
      const found = responses[0]?.partitions[0];
      // So it does when it throttles the client.
      if (found === undefined) return { kind: "unavailable", reason: "the broker left it out of its answer" };
      return { kind: "records", batches: found.messages, stableEnd: Number(found.lastStableOffset) };
    });
    // A leader that shows less than there was may be one of before.
    if (answer.kind !== "records" || answer.batches.length === 0) this.#leaders.forget(at.topic, leaders);
    return answer;
  }

  async #askLeader(
    at: TopicPartition,
    leaders: Promise<ReadonlyMap<number, number>>,
    question: (broker: LogBroker) => Promise<LogAnswer>,
  ): Promise<LogAnswer> {
    try {
      const nodeId = (await leaders).get(at.partition);
      if (nodeId === undefined) return { kind: "absent" };
      if (nodeId === NO_LEADER) return { kind: "unavailable", reason: "it has no leader" };
      const broker = await this.#cluster.brokerPool.findBroker({ nodeId });
      return await question(broker).catch((error) => outOfRange(broker, at, error));
    } catch (error) {
      const { message } = error as Error;
      const { class: errorClass, reason, remedy } = classifyKafkaError(error);
      if (errorClass !== "fatal") return { kind: "unavailable", reason: message };
      const text = `${partitionKey(at)}: cannot read a range in flight: ${message} — ${reason}; ${remedy}`;
      throw new MillraceError("E_KAFKA", text, { cause: error });
    }
  }
}

async function outOfRange(broker: LogBroker, { topic, partition }: TopicPartition, error: unknown): Promise<LogAnswer> {
  if (classifyKafkaError(error).class !== "reset") throw error;
  const bound = async (timestamp: number): Promise<number | undefined> => {
    const topics = [{ topic, partitions: [{ partition, timestamp }] }];
    const { responses } = await broker.listOffsets({ isolationLevel: READ_UNCOMMITTED, topics });
    const offset = responses[0]?.partitions[0]?.offset;
    return offset === undefined ? undefined : Number(offset);
  };
  const [logStart, logEnd] = [await bound(LOG_START), await bound(LOG_END)];
  if (logStart === undefined || logEnd === undefined) {
    return { kind: "unavailable", reason: "its leader does not say where the log begins and ends" };
  }
  return { kind: "outOfRange", logStart, logEnd };
}
