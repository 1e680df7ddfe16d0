/** One Kafka record batch as the broker sent it, still compressed, with the offsets it covers. */
export interface RawBatch {
  topic: string;
  partition: number;
  /** First offset of the batch; a fetch that starts inside a batch still gets the whole batch. */
  baseOffset: number;
  lastOffset: number;
  /** From the batch header. At least the number of records; fewer may lie in range. */
  recordCount: number;
  /** The whole batch, header included: a view into the fetch response. Not to be read after `release`. */
  bytes: Uint8Array;
  /**
   * To be called when `bytes` are copied or dropped; after its last batch a fetch response is reused. A batch that is
   * never released only leaves its response to the garbage collector. Undefined when the response is not reused.
   */
  release?: (() => void) | undefined;
  /** When the main thread received it, ms since 1970. */
  receivedMs: number;
}

/** A topic-partition as one string, for maps and logs: `logs.auth:3`. */
export function partitionKey(topic: string, partition: number): string {
  return `${topic}:${partition}`;
}
