/** What is used of kafkajs' pool of brokers. */
export interface BrokerPool<B> {
  findConnectedBroker(): Promise<MetadataBroker>;
  /** Connects to it. @throws when it is not in the metadata, or does not take the connection. */
  findBroker(node: { nodeId: number }): Promise<B>;
  refreshMetadata(topics: string[]): Promise<void>;
}

interface MetadataBroker {
  metadata(topics: string[]): Promise<{
    topicMetadata: { topic: string; partitionMetadata: { partitionId: number; leader: number }[] }[];
  }>;
}

/** By partition: its leader, or NO_LEADER. Empty: there is no such topic. */
export type Leaders = ReadonlyMap<number, number>;

/**
 * Who leads the partitions of topics, asked topic by topic: an error that is about one must not fail the reads of others. A
 * thousand reads of one topic ask once.
 */
export class TopicLeaders<B> {
  readonly #pool: BrokerPool<B>;
  readonly #known = new Map<string, Promise<Leaders>>();

  constructor(pool: BrokerPool<B>) {
    this.#pool = pool;
  }

  /** The same promise for all who ask, until it is forgotten. */
  of(topic: string): Promise<Leaders> {
    const known = this.#known.get(topic);
    if (known !== undefined) return known;
    const asked = this.#ask(topic);
    this.#known.set(topic, asked);
    // An error is no answer: a right that is given back counts from the next question on.
    asked.catch(() => this.forget(topic, asked));
    return asked;
  }

  /** To be asked for anew, unless somebody has done so since `seen` was returned. */
  forget(topic: string, seen: Promise<Leaders>): void {
    if (this.#known.get(topic) === seen) this.#known.delete(topic);
  }

  async #ask(topic: string): Promise<Leaders> {
    // The brokers' addresses. The pool's metadata itself may be about another topic by the time that it is looked at.
    await this.#pool.refreshMetadata([topic]);
    const { topicMetadata } = await (await this.#pool.findConnectedBroker()).metadata([topic]);
    const partitions = topicMetadata.find((answer) => answer.topic === topic)?.partitionMetadata ?? [];
    return new Map(partitions.map(({ partitionId, leader }) => [partitionId, leader]));
  }
}
