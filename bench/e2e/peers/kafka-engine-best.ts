import type { KafkaEngineVariant } from "./kafka-engine.ts";

/** What the search (../search-kafka-engine.ts; its table is in bench/README.md) found to take the least CPU. */
export const bestEngineSettings: Pick<KafkaEngineVariant, "parse" | "settings"> = {
  parse: "tuple",
  settings: {
    kafka_num_consumers: 1,
    kafka_max_block_size: 1_048_576,
    kafka_poll_max_batch_size: 1_048_576,
    kafka_flush_interval_ms: 3_000,
  },
};
