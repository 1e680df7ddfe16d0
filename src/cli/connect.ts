import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { type Admin, Kafka, type KafkaConfig, logLevel } from "kafkajs";
import type { Logger } from "pino";

/** ClickHouse closes idle connections after 10 s (3 s in its cloud): ours must go first. */
const IDLE_SOCKET_MS = 2_000;
const REQUEST_TIMEOUT_MS = 120_000;

export interface ClickHouseAddress {
  url: string;
  user: string | undefined;
  password: string | undefined;
}

export function connectClickHouse(address: ClickHouseAddress, connectionsMax: number): ClickHouseClient {
  return createClient({
    url: address.url,
    ...(address.user === undefined ? {} : { username: address.user }),
    ...(address.password === undefined ? {} : { password: address.password }),
    application: "millrace",
    max_open_connections: connectionsMax,
    request_timeout: REQUEST_TIMEOUT_MS,
    // Every failure reaches a caller, which logs it with its context.
    log: { level: ClickHouseLogLevel.OFF },
    keep_alive: { enabled: true, idle_socket_ttl: IDLE_SOCKET_MS },
  });
}

const levels = new Map([
  [logLevel.ERROR, "error"],
  [logLevel.WARN, "warn"],
  [logLevel.INFO, "debug"],
  [logLevel.DEBUG, "trace"],
] as const);

/** kafkajs' configuration, its log lines going to ours. Its "info" is chatter here: logged as debug. */
export function kafkaConfig(brokers: string[], clientId: string, log: Logger): KafkaConfig {
  return {
    brokers,
    clientId,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => {
      // The connection logs every protocol error before its caller decides to repeat the request or to fail.
      const level = entry.namespace === "Connection" ? "debug" : (levels.get(entry.level as logLevel.INFO) ?? "debug");
      const { message, timestamp: _, ...rest } = entry.log;
      log[level]({ ...rest, kafkajs: entry.namespace }, message);
    },
  };
}

export async function connectAdmin(config: KafkaConfig): Promise<Admin> {
  const admin = new Kafka(config).admin();
  await admin.connect();
  return admin;
}
