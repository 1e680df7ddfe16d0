import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runGuarded } from "./child-process.ts";
import { CLIENT_TIMEOUT_MS, type ClientSettings, type KafkaClientUnderTest } from "./client.ts";

/** librdkafka, through kcat. */
export function kcatClient(settings: ClientSettings): KafkaClientUnderTest {
  return {
    name: "kcat",
    producerCodecs: ["none", "gzip", "snappy", "lz4", "zstd"],
    async produce(topic, lines, codec) {
      const input = join(settings.workDir, `kcat-${randomUUID()}.in`);
      await writeFile(input, `${lines.join("\n")}\n`);
      await kcat(settings, ["-P", "-t", topic, "-K", "\\t", "-z", codec, "-l", input]);
    },
    async readGroup({ topics, group, count }) {
      const start = ["-X", "auto.offset.reset=earliest"];
      const output = ["-f", "%k\\t%s\\n", "-c", String(count)];
      return linesOf(await kcat(settings, ["-G", group, "-q", ...start, ...output, ...topics]));
    },
  };
}

/**
 * Reads partitions without a group: `offset` as kcat writes it (`beginning`, `-100` for the last hundred, `s@…` for a
 * time in milliseconds). Ends at the end of each partition.
 */
export async function kcatRead(settings: ClientSettings, topic: string, offset: string): Promise<string[]> {
  // The end of a partition is told with an empty answer, for which the broker waits.
  const args = ["-C", "-q", "-e", "-X", "fetch.wait.max.ms=50", "-t", topic, "-o", offset, "-f", "%k\\t%s\\n"];
  return linesOf(await kcat(settings, args));
}

/** Runs kcat, and returns the path of the file with what it printed. */
async function kcat(settings: ClientSettings, args: readonly string[]): Promise<string> {
  const run = join(settings.workDir, `kcat-${randomUUID()}`);
  const files = { stdoutFile: `${run}.out`, stderrFile: `${run}.log` };
  await runGuarded("kcat", ["-b", settings.brokers, ...args], { ...files, timeoutMs: CLIENT_TIMEOUT_MS });
  return files.stdoutFile;
}

async function linesOf(file: string): Promise<string[]> {
  const lines = (await readFile(file, "utf8")).split("\n");
  lines.pop(); // after the last line feed
  return lines;
}
