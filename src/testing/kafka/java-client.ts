import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runGuarded } from "./child-process.ts";
import { useClassArchive } from "./class-archive.ts";
import { CLIENT_TIMEOUT_MS, type ClientSettings, type KafkaClientUnderTest } from "./client.ts";
import { TOOL_JVM } from "./start-real-kafka.ts";

/** The Java program and the class path of Apache Kafka's tools. */
export interface JavaTools {
  readonly java: string;
  readonly classpath: string;
  readonly classArchive: string;
}

/** Apache Kafka's own console producer (idempotent, as is its default) and console consumer. */
export function javaClient(settings: ClientSettings, tools: JavaTools): KafkaClientUnderTest {
  return {
    name: "java",
    producerCodecs: ["none", "gzip", "snappy", "lz4", "zstd"],
    async produce(topic, lines, codec) {
      const input = join(settings.workDir, `java-${randomUUID()}.in`);
      await writeFile(input, `${lines.join("\n")}\n`);
      const records = ["--property", "parse.key=true", "--property", "key.separator=\t"];
      const sending = ["--topic", topic, "--compression-codec", codec, "--producer-property", "linger.ms=20"];
      await tool(settings, tools, "ConsoleProducer", [...sending, ...records], input);
    },
    async readGroup({ topics, group, count }) {
      const which = ["--include", topics.join("|"), "--group", group, "--from-beginning"];
      const until = ["--max-messages", String(count), "--timeout-ms", String(CLIENT_TIMEOUT_MS / 2)];
      const format = ["--property", "print.key=true", "--property", "null.literal="];
      const file = await tool(settings, tools, "consumer.ConsoleConsumer", [...which, ...until, ...format]);
      const lines = (await readFile(file, "utf8")).split("\n");
      lines.pop(); // after the last line feed
      return lines;
    },
  };
}

async function tool(
  settings: ClientSettings,
  tools: JavaTools,
  className: string,
  args: readonly string[],
  stdinFile?: string,
): Promise<string> {
  const run = join(settings.workDir, `java-${randomUUID()}`);
  const files = { stdoutFile: `${run}.out`, stderrFile: `${run}.log` };
  const jvm = [
    ...TOOL_JVM,
    ...useClassArchive(tools.classArchive),
    "-Dfile.encoding=UTF-8",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
  ];
  const program = ["-cp", tools.classpath, `org.apache.kafka.tools.${className}`];
  const options = { ...files, ...(stdinFile === undefined ? {} : { stdinFile }), timeoutMs: CLIENT_TIMEOUT_MS };
  await runGuarded(tools.java, [...jvm, ...program, "--bootstrap-server", settings.brokers, ...args], options);
  return files.stdoutFile;
}
