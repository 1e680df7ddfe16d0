/** Compression that a client was told to use. */
export type Codec = "none" | "gzip" | "snappy" | "lz4" | "zstd";

/** A read as a member of a consumer group. */
export interface GroupRead {
  readonly topics: readonly string[];
  readonly group: string;
  /** The client stops, and commits, after this many records. */
  readonly count: number;
}

/** One Kafka client in the conformance tests; each works through files of lines `key TAB value`. */
export interface KafkaClientUnderTest {
  readonly name: string;
  readonly producerCodecs: readonly Codec[];
  produce(topic: string, lines: readonly string[], codec: Codec): Promise<void>;
  /**
   * Reads `count` records from the committed offsets (or the earliest) and commits what it read: a later read of the
   * same group goes on after them.
   */
  readGroup(read: GroupRead): Promise<string[]>;
}

/** What each client needs to know. */
export interface ClientSettings {
  readonly brokers: string;
  /** Folder for input, output and logs; the test removes it. */
  readonly workDir: string;
}

/** A client that has not finished by then hangs. */
export const CLIENT_TIMEOUT_MS = 60_000;
