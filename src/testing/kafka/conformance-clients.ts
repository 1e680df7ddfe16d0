import { spawnSync } from "node:child_process";
import { MillraceError } from "../../core/errors.ts";
import { clickhouseClient } from "./clickhouse-client.ts";
import type { ClientSettings, KafkaClientUnderTest } from "./client.ts";
import { kafkaTestEnvironment } from "./environment.ts";
import { javaClient } from "./java-client.ts";
import { kafkajsClient } from "./kafkajs-client.ts";
import { kcatClient } from "./kcat-client.ts";
import { realKafka } from "./real-kafka.ts";

export type ClientFactory = (settings: ClientSettings) => KafkaClientUnderTest;

/**
 * The clients that this machine has, ClickHouse first (conformance.ts has the reason). kafkajs and ClickHouse come with npm; for each other one that is missing a line
 * is printed, and with `CI` set `E_KAFKA` is thrown.
 */
export async function conformanceClients(): Promise<ReadonlyMap<string, ClientFactory>> {
  const clients = new Map<string, ClientFactory>([
    ["clickhouse", clickhouseClient],
    ["kafkajs", kafkajsClient],
  ]);
  if (spawnSync("kcat", ["-V"]).status === 0) clients.set("kcat", kcatClient);
  else missing("there is no kcat (Debian: apt-get install kcat)");
  const kafka = await realKafka();
  if (kafka.available) clients.set("java", (settings) => javaClient(settings, kafka));
  else missing(kafka.reason);
  return clients;
}

function missing(reason: string): void {
  if (kafkaTestEnvironment().ci) throw new MillraceError("E_KAFKA", `${reason}; CI runs the tests that need it`);
  process.stderr.write(`skipped: ${reason}\n`);
}
