import { readdir } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { queryRows } from "../../src/clients/clickhouse/query-rows.ts";
import { realKafka } from "../../src/testing/kafka/real-kafka.ts";
import { startBenchClickHouse } from "./clickhouse.ts";

/** Versions of the two servers, as they name themselves. */
export async function serverVersions(): Promise<{ clickHouse: string; kafka: string }> {
  const server = await startBenchClickHouse();
  try {
    const [row] = await queryRows<{ version: string }>(server.client, "SELECT version() AS version");
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
