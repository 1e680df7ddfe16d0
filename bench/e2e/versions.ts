import { readdir } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { realKafka } from "../../src/testing/kafka/real-kafka.ts";
import { startBenchClickHouse } from "./clickhouse.ts";

/** Versions of the two servers, as they name themselves. */
export async function serverVersions(): Promise<{ clickHouse: string; kafka: string }> {
  const server = await startBenchClickHouse();
  try {
    const result = await server.client.query({ query: "SELECT version() AS version", format: "JSONEachRow" });
    const [row] = await result.json<{ version: string }>();
    return { clickHouse: row!.version, kafka: await kafkaVersion() };
  } finally {
    await server.close();
  }
}

/** From the name of the broker's jar, `kafka_2.13-4.1.0.jar`. */
async function kafkaVersion(): Promise<string> {
  const kafka = await realKafka();
  if (!kafka.available) return "unknown";
  const jars = await readdir(dirname(kafka.classpath)).catch(() => []);
  const jar = jars.find((name) => /^kafka_[\d.]+-[\d.]+\.jar$/.test(name));
  return jar === undefined ? "unknown" : basename(jar, ".jar").replace(/^kafka_[\d.]+-/, "");
}
