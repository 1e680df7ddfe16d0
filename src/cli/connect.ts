import { rootCertificates } from "node:tls";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { type Admin, Kafka, type KafkaConfig, logLevel } from "kafkajs";
import type { Logger } from "pino";
import type { Environment } from "../config/environment.ts";
import type { KafkaSecurity } from "../config/secrets-kafka.ts";
import type { TlsFiles } from "../config/secrets-tls.ts";
import { MillraceError } from "../core/errors.ts";
import { within } from "../core/within.ts";
import { partialAdmin } from "../source/answers.ts";
import { createLog } from "../telemetry/log.ts";
import { takeAnswersOfClickHouse } from "./clickhouse-answers.ts";
import { explainError } from "./explain-error.ts";
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
 * The connection logs every protocol error before its caller decides to repeat the request or to fail, the pool each of its
 * tries to connect; whoever called says in the end what did not answer.
 */
const repeatedByCallers = new Set(["Connection", "BrokerPool"]);

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
      const level = repeatedByCallers.has(entry.namespace)
        ? "debug"
        : (levels.get(entry.level as logLevel.INFO) ?? "debug");
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

/** Somebody waits for the command: kafkajs' own six attempts take 11 s, each with a line of log. */
const COMMAND_CONNECT_MS = 5_000;
const COMMAND_CONNECT_RETRIES = 2;
const COMMAND_RETRY_MS = 100;

/**
 * kafkajs' configuration for a command that asks and ends. What kafkajs logs is for MILLRACE_LOG_LEVEL=debug: the command
 * says in a sentence what is wrong.
 */
export function commandKafkaConfig(
  brokers: string[],
  clientId: string,
  environment: Pick<Environment, "logLevel" | "kafkaSecurity">,
): KafkaConfig {
  const log = createLog(environment.logLevel);
  return {
    ...kafkaConfig(brokers, clientId, log, environment.kafkaSecurity),
    logCreator: () => (entry) => {
      const { message, timestamp: _, ...rest } = entry.log;
      log.debug({ ...rest, kafkajs: entry.namespace }, message);
    },
  };
}

/** An admin client for a command. @throws MillraceError E_KAFKA within five seconds, in one sentence. */
export async function connectCommandAdmin(config: KafkaConfig): Promise<Admin> {
  const brokers = Array.isArray(config.brokers) ? config.brokers.join(", ") : "";
  const refusal = (reason: string, cause?: unknown) =>
    new MillraceError("E_KAFKA", `no Kafka broker of ${brokers} lets us in: ${reason}`, { cause });
  const retry = {
    initialRetryTime: COMMAND_RETRY_MS,
    retries: Math.max(COMMAND_CONNECT_RETRIES, config.brokers.length),
  };
  try {
    // Its few repeats are for the connection alone: what comes then may wait for a coordinator.
    const probe = await within(COMMAND_CONNECT_MS, connectAdmin({ ...config, retry }));
    if (probe !== undefined) {
      await probe.disconnect();
      return await connectAdmin(config);
    }
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    throw refusal(explainError(error) ?? (error as Error).message, error);
  }
  throw refusal(
    `none has answered within ${COMMAND_CONNECT_MS / 1000} s. Check the address, that it runs, and whether it wants ` +
      "KAFKA_SSL and a login",
  );
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
