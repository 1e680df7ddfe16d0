import { saslMechanisms } from "../../clients/kafka/security.ts";
import type { OptionRows } from "./option-row.ts";

const text = { kind: "text" } as const;
const file = { kind: "file" } as const;
const secret = { kind: "secret" } as const;

export const tokenCharsMin = 16;

/** Addresses and logins of the servers. */
export const serverRows = {
  kafkaBrokers: {
    env: "KAFKA_BROKERS",
    type: { kind: "list", of: text },
    help: "host:port,… of a real Kafka, with CLICKHOUSE_URL; without both, embedded servers are started",
    details: "Not an IPv6 address: name a host that resolves to it.",
  },
  kafkaTls: {
    env: "KAFKA_SSL",
    type: { kind: "flag" },
    default: "false",
    help: "true: connect to Kafka with TLS",
  },
  kafkaCaFile: {
    env: "KAFKA_SSL_CA_FILE",
    type: file,
    otherwise: "the runtime's",
    help: "CA certificates for the brokers",
  },
  kafkaCertFile: { env: "KAFKA_SSL_CERT_FILE", type: file, help: "certificate to log in with, together with its key" },
  kafkaKeyFile: { env: "KAFKA_SSL_KEY_FILE", type: file, help: "key of that certificate" },
  kafkaKeyPassphrase: { env: "KAFKA_SSL_KEY_PASSPHRASE", type: secret, help: "passphrase of that key" },
  saslMechanism: {
    env: "KAFKA_SASL_MECHANISM",
    type: { kind: "choice", choices: saslMechanisms },
    help: "how to log in with user and password",
  },
  saslUsername: { env: "KAFKA_SASL_USERNAME", type: text, help: "user of that login" },
  saslPassword: { env: "KAFKA_SASL_PASSWORD", type: secret, help: "its password" },
  clickHouseUrl: {
    env: "CLICKHOUSE_URL",
    type: text,
    help: "http(s)://host:port of a real ClickHouse",
    details:
      "Of its HTTP interface (8123, 8443). A path is that of a proxy (`https://proxy/clickhouse`), never a database.",
  },
  clickHouseUser: { env: "CLICKHOUSE_USER", type: text, otherwise: "default", help: "user of ClickHouse" },
  clickHousePassword: { env: "CLICKHOUSE_PASSWORD", type: secret, help: "its password" },
  clickHouseCaFile: {
    env: "CLICKHOUSE_CA_FILE",
    type: file,
    otherwise: "the runtime's",
    help: "CA certificates for an https server",
  },
  clickHouseCertFile: {
    env: "CLICKHOUSE_CERT_FILE",
    type: file,
    help: "certificate to log in with instead of a password, together with its key",
  },
  clickHouseKeyFile: { env: "CLICKHOUSE_KEY_FILE", type: file, help: "key of that certificate" },
  clickHouseKeyPassphrase: { env: "CLICKHOUSE_KEY_PASSPHRASE", type: secret, help: "passphrase of that key" },
} as const satisfies OptionRows;

/** Millrace's own. */
export const ownRows = {
  dataDir: {
    env: "MILLRACE_DIR",
    type: text,
    default: ".millrace",
    help: "folder of the embedded servers",
    details: "Their data, the lock of the instance that uses it, and `servers.json` with their addresses.",
  },
  ownDatabase: {
    env: "MILLRACE_DATABASE",
    type: { kind: "text", pattern: /^[A-Za-z_]\w*$/, must: "must be letters, digits and _" },
    default: "analytics",
    help: "database of Millrace's own tables, and of those of the built-in pipelines",
  },
  logLevel: {
    env: "MILLRACE_LOG_LEVEL",
    type: { kind: "choice", choices: ["trace", "debug", "info", "warn", "error", "silent"] },
    default: "info",
    help: "what is logged",
    details: "Stack traces only with `debug` and `trace`.",
  },
  httpToken: {
    env: "MILLRACE_HTTP_TOKEN",
    type: secret,
    help: `token that /metrics, /api and the simulator's HTTP control ask for, at least ${tokenCharsMin} characters`,
  },
  profileFolder: {
    env: "MILLRACE_PROFILES",
    type: text,
    otherwise: "ops/profiles",
    help: "folder of the profiles, <vcpus>.json",
  },
  withoutColours: { env: "NO_COLOR", type: text, help: "when set, the log on a terminal has no colours" },
} as const satisfies OptionRows;

/** Variables of every command: addresses and secrets, which do not belong on a command line. */
export const environmentRows = { ...serverRows, ...ownRows };
