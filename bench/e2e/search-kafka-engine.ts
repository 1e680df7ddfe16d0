import { formatTable } from "../../src/cli/print-table.ts";
import { appendResults, resultFile } from "../common/result-file.ts";
import { factSelect, messageFields } from "./fact-select.ts";
import type { BenchOptions } from "./options.ts";
import { type KafkaEngineVariant, kafkaEnginePeer } from "./peers/kafka-engine.ts";
import { openSession } from "./session.ts";
import { factTable } from "./table.ts";
import { simulatorDocuments } from "./topic.ts";

interface Candidate {
  name: string;
  variant: KafkaEngineVariant;
}

/** Rows of a block: the default is 65,409; above a million the memory grows and nothing else. */
const blockRows = { small: 65_536, middle: 262_144, large: 1_048_576 } as const;

type Parse = KafkaEngineVariant["parse"];

/**
 * The ways to parse, each with small and large blocks; the cheapest of them in a probe (one JSONExtract into a tuple)
 * also with two consumers and with other flush times, and with plain strings instead of dictionaries.
 */
function candidates(): Candidate[] {
  // Dictionaries are looked up once when the fields are read, and once more when they are stored.
  const plainFields = messageFields.map(({ name, type }) => ({
    name,
    type: type.replace(/^LowCardinality\((.+)\)$/, "$1"),
  }));
  const make = (
    parse: Parse,
    consumers: number,
    rows: number,
    flushIntervalMs: number,
    isPlain = false,
  ): Candidate => ({
    name:
      `${parse}, ${consumers} consumer${consumers > 1 ? "s" : ""}, blocks of ${rows} rows or ${flushIntervalMs} ms` +
      (isPlain ? ", plain strings" : ""),
    variant: {
      fields: isPlain ? plainFields : messageFields,
      select: factSelect,
      parse,
      settings: {
        kafka_num_consumers: consumers,
        kafka_max_block_size: rows,
        kafka_poll_max_batch_size: rows,
        kafka_flush_interval_ms: flushIntervalMs,
        ...(consumers > 1 ? { kafka_thread_per_consumer: 1 } : {}),
      },
    },
  });
  const { small, middle, large } = blockRows;
  return [
    make("each-row", 1, small, 500),
    make("each-row", 1, large, 3_000),
    make("each-row", 2, large, 3_000),
    make("scan", 1, small, 500),
    make("scan", 1, large, 3_000),
    make("tuple", 1, small, 500),
    make("tuple", 1, middle, 1_000),
    make("tuple", 1, large, 1_000),
    make("tuple", 1, large, 3_000),
    make("tuple", 2, small, 500),
    make("tuple", 2, middle, 1_000),
    make("tuple", 2, large, 3_000),
    make("tuple", 1, middle, 1_000, true),
    make("tuple", 1, large, 3_000, true),
    make("tuple", 2, large, 3_000, true),
  ];
}

/** Measures every candidate as the bench measures its peers, most rows per CPU second first. Returns the exit code. */
export async function searchKafkaEngine(options: BenchOptions, log: (line: string) => void): Promise<number> {
  const { events, partitions, rounds, seed, mode } = options;
  const session = await openSession(log);
  try {
    const topic = await session.fill({ topic: "fact", partitions, events }, simulatorDocuments(events, seed, mode));
    const peers = candidates().map(({ name, variant }) => kafkaEnginePeer(name, name, variant));
    const summaries = await session.drain(peers, rounds, { topic, table: factTable });
    summaries.sort((left, right) => right.rowsPerCpuSecond - left.rowsPerCpuSecond);
    if (options.record) {
      const lines = summaries.map(({ runs: _, ...summary }) => ({
        bench: "kafka-engine-search",
        events,
        rounds,
        ...summary,
      }));
      await appendResults(resultFile("e2e"), lines);
    }
    const rows = summaries.map(({ title, rowsPerCpuSecond, rowsPerSecond, clickHouseRssMiB }) => [
      title,
      String(Math.round(rowsPerCpuSecond)),
      String(Math.round(rowsPerSecond)),
      String(Math.round(clickHouseRssMiB)),
    ]);
    console.log(formatTable(["settings", "rows/CPU s", "rows/s", "RSS MiB"], rows));
    return 0;
  } finally {
    await session.close();
  }
}
