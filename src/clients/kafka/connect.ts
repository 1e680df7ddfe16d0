import { type Admin, Kafka, type KafkaConfig, logLevel } from "kafkajs";
import type { Logger } from "pino";
import type { TlsFiles } from "../tls-files.ts";
import { checkCertificates } from "./check-certificates.ts";
import { partialAdmin } from "./partial-admin.ts";
import type { KafkaSecurity } from "./security.ts";

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
