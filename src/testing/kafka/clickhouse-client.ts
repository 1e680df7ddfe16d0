import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runGuarded } from "./child-process.ts";
import type { KafkaEngineJob } from "./clickhouse-engine-process.ts";
import { CLIENT_TIMEOUT_MS, type ClientSettings, type KafkaClientUnderTest } from "./client.ts";

/**
 * ClickHouse's Kafka table engine. Each job is a process of its own: the engine keeps its consumers in background
 * threads, and only one process can open a data folder. It writes values without keys, so its records have none.
 */
export function clickhouseClient(settings: ClientSettings): KafkaClientUnderTest {
  return {
    name: "clickhouse",
    producerCodecs: ["none", "lz4"],
    async produce(topic, lines, codec) {
      const file = join(settings.workDir, `clickhouse-${randomUUID()}.in`);
      await writeFile(file, `${lines.map((line) => line.slice(line.indexOf("\t") + 1)).join("\n")}\n`);
      await runJob(settings, { kind: "produce", brokers: settings.brokers, topic, codec, file });
    },
    async readGroup({ topics, group, count }) {
      const file = join(settings.workDir, `clickhouse-${randomUUID()}.out`);
      await runJob(settings, { kind: "consume", brokers: settings.brokers, topics, group, count, file });
      const lines = (await readFile(file, "utf8")).split("\n");
      lines.pop(); // after the last line feed
      return lines;
    },
  };
}

async function runJob(settings: ClientSettings, job: KafkaEngineJob): Promise<void> {
  const run = join(settings.workDir, `clickhouse-${randomUUID()}`);
  const program = join(import.meta.dirname, "clickhouse-engine-process.ts");
  const options = { stderrFile: `${run}.log`, timeoutMs: CLIENT_TIMEOUT_MS };
  await runGuarded(process.execPath, [program, `${run}-data`, JSON.stringify(job)], options);
}
