import { rootCertificates } from "node:tls";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { type Admin, Kafka, type KafkaConfig, logLevel } from "kafkajs";
import type { Logger } from "pino";
import type { KafkaSecurity } from "../config/secrets-kafka.ts";
import type { TlsFiles } from "../config/secrets-tls.ts";
import { partialAdmin } from "../source/answers.ts";
import { takeAnswersOfClickHouse } from "./clickhouse-answers.ts";
import { checkCertificates } from "./kafka-certificates.ts";

/** ClickHouse closes idle connections after 10 s (3 s in its cloud): ours must go first. */
const IDLE_SOCKET_MS = 2_000;
const REQUEST_TIMEOUT_MS = 120_000;

export interface ClickHouseAddress {
  /** http(s)://host:port, and the path of a proxy if there is one. */
  url: string;
  user: string | undefined;
  password: string | undefined;
  /** Own authority or client certificate for https. Without it the runtime's authorities. */
  tls?: TlsFiles | undefined;
}

export function connectClickHouse(address: ClickHouseAddress, connectionsMax: number): ClickHouseClient {
  const { origin, pathname } = new URL(address.url);
  const client = createClient({
    url: origin,
    // A path is that of a proxy. The client would take it for a database, and ask the proxy's root.
    ...(pathname === "/" ? {} : { pathname }),
    ...(address.user === undefined ? {} : { username: address.user }),
    ...(address.password === undefined ? {} : { password: address.password }),
    ...(address.tls === undefined ? {} : { tls: clickHouseTls(address.tls) }),
    application: "millrace",
    max_open_connections: connectionsMax,
    request_timeout: REQUEST_TIMEOUT_MS,
    // Every failure reaches a caller, which logs it with its context.
    log: { level: ClickHouseLogLevel.OFF },
    keep_alive: { enabled: true, idle_socket_ttl: IDLE_SOCKET_MS },
  });
  return takeAnswersOfClickHouse(client);
}

/** The client wants an authority whenever anything of TLS is given: without one of our own, those of the runtime. */
function clickHouseTls({ ca, own }: TlsFiles) {
  const authority = { ca_cert: Buffer.from(ca ?? rootCertificates.join("\n")) };
  return own === undefined ? authority : { ...authority, cert: Buffer.from(own.cert), key: Buffer.from(own.key) };
}

const levels = new Map([
  [logLevel.ERROR, "error"],
  [logLevel.WARN, "warn"],
  [logLevel.INFO, "debug"],
  [logLevel.DEBUG, "trace"],
] as const);

/**
 * kafkajs' configuration, its log lines going to ours. Its "info" is chatter here: logged as debug.
 *
 * `security` is required, so that no command can forget it: `environment.kafkaSecurity`, or undefined for the embedded
 * broker.
 */
export function kafkaConfig(
  brokers: string[],
  clientId: string,
  log: Logger,
  security: KafkaSecurity | undefined,
): KafkaConfig {
  const { tls, sasl } = security ?? { tls: undefined, sasl: undefined };
  return {
    brokers,
    clientId,
    ...(tls === undefined ? {} : { ssl: { rejectUnauthorized: true, ...tlsOptions(tls) } }),
    ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => {
      // The connection logs every protocol error before its caller decides to repeat the request or to fail.
      const level = entry.namespace === "Connection" ? "debug" : (levels.get(entry.level as logLevel.INFO) ?? "debug");
      const { message, timestamp: _, stack, ...rest } = entry.log;
      // Where in kafkajs it happened helps nobody but those who look for a fault in Millrace.
      const where = log.isLevelEnabled("debug") ? { stack } : {};
      log[level]({ ...rest, ...where, kafkajs: entry.namespace }, message);
    },
  };
}

/** kafkajs types its configuration by mechanism, in lower case. */
function saslOptions({ mechanism, username, password }: NonNullable<KafkaSecurity["sasl"]>) {
  switch (mechanism) {
    case "PLAIN":
      return { mechanism: "plain" as const, username, password };
    case "SCRAM-SHA-256":
      return { mechanism: "scram-sha-256" as const, username, password };
    case "SCRAM-SHA-512":
      return { mechanism: "scram-sha-512" as const, username, password };
  }
}

function tlsOptions({ ca, own }: TlsFiles) {
  return { ...(ca === undefined ? {} : { ca }), ...(own ?? {}) };
}

/** The cluster's id; "" where the brokers do not tell it (before Kafka 0.10.1). */
export async function readClusterId(admin: Admin): Promise<string> {
  return (await admin.describeCluster()).clusterId ?? "";
}

/** @throws MillraceError E_KAFKA at once for a certificate that is not trusted; kafkajs' errors otherwise. */
export async function connectAdmin(config: KafkaConfig): Promise<Admin> {
  await checkCertificates(config);
  const admin = partialAdmin(new Kafka(config));
  try {
    await admin.connect();
  } catch (error) {
    await admin.disconnect().catch(() => {});
    throw error;
  }
  return admin;
}
