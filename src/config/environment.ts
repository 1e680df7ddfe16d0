import type { KafkaSecurity } from "../clients/kafka/security.ts";
import type { TlsFiles } from "../clients/tls-files.ts";
import { MillraceError } from "../core/errors.ts";
import { rememberLogin } from "../core/redact.ts";
import { ownRows, tokenCharsMin } from "./options/environment-rows.ts";
import { defaultsOf, readVariables } from "./options/read-options.ts";
import { readSecret, type Variables, type Warnings } from "./secrets.ts";
import { kafkaSecurityVariables, readKafkaSecurity } from "./secrets-kafka.ts";
import { readTlsFiles, tlsVariables } from "./secrets-tls.ts";

/** Addresses and credentials, from environment variables only: secrets do not belong on a command line. */
export interface Environment {
  /** KAFKA_BROKERS, comma-separated `host:port`. Undefined: the embedded broker. */
  kafkaBrokers: string[] | undefined;
  /** KAFKA_SSL… and KAFKA_SASL…. */
  kafkaSecurity: KafkaSecurity;
  /** CLICKHOUSE_URL, http(s), with the path of a proxy if there is one. Undefined: the embedded server. */
  clickHouseUrl: string | undefined;
  clickHouseUser: string | undefined;
  /** CLICKHOUSE_PASSWORD or CLICKHOUSE_PASSWORD_FILE. */
  clickHousePassword: string | undefined;
  /** CLICKHOUSE_CA_FILE, CLICKHOUSE_CERT_FILE, CLICKHOUSE_KEY_FILE. Undefined: none is set. */
  clickHouseTls: TlsFiles | undefined;
  /** MILLRACE_HTTP_TOKEN or MILLRACE_HTTP_TOKEN_FILE: what the HTTP control asks for. */
  httpToken: string | undefined;
  /** MILLRACE_DIR: data of the embedded servers. */
  dataDir: string;
  /** MILLRACE_LOG_LEVEL. */
  logLevel: string;
  /** Set by npm and npx for the commands they run. */
  startedByNpm: boolean;
  /** What is doubtful about all this, one sentence each, to be shown once. */
  warnings: string[];
}

/** The database is checked here, and read by own-database.ts. */
const plainRows = { dataDir: ownRows.dataDir, ownDatabase: ownRows.ownDatabase, logLevel: ownRows.logLevel };
/** No address, path or name is longer. A longer value is a file's content in the wrong place. */
const VALUE_CHARS_MAX = 32 * 1024;
const ourVariables = /^(?:KAFKA|CLICKHOUSE|MILLRACE)_/;
const loopbackHosts = ["localhost", "127.0.0.1", "[::1]"];

/** Reads and checks the environment. @throws MillraceError E_CONFIG that names the variable, the value and the bound. */
export function readEnvironment(env: Variables = process.env): Environment {
  refuseLongValues(env);
  const warnings: Warnings = [];
  const own = { ...defaultsOf(plainRows), ...readVariables(plainRows, env) };
  const kafkaBrokers = env.KAFKA_BROKERS === undefined ? undefined : parseBrokers("KAFKA_BROKERS", env.KAFKA_BROKERS);
  const kafkaSecurity = readKafkaSecurity(env, warnings);
  const clickHouse = readClickHouse(env, warnings);
  const usesTls = kafkaSecurity.tls !== undefined || clickHouse.clickHouseUrl?.startsWith("https:") === true;
  if (usesTls && env.NODE_TLS_REJECT_UNAUTHORIZED === "0") {
    throw new MillraceError(
      "E_CONFIG",
      "NODE_TLS_REJECT_UNAUTHORIZED is 0: servers' certificates are always verified. Unset it, and name the authority " +
        "with KAFKA_SSL_CA_FILE or CLICKHOUSE_CA_FILE",
    );
  }
  return {
    kafkaBrokers,
    kafkaSecurity,
    ...clickHouse,
    httpToken: readHttpToken(env, warnings),
    dataDir: own.dataDir,
    logLevel: own.logLevel,
    startedByNpm: env.npm_command !== undefined,
    warnings,
  };
}

/**
 * Splits `host:port,…`. `name` is the variable or option for errors; what looks like a credential is never shown.
 *
 * @throws MillraceError E_CONFIG
 */
export function parseBrokers(name: string, text: string): string[] {
  const brokers = text.split(",").map((broker) => broker.trim());
  for (const broker of brokers) {
    if (/[@/]/.test(broker)) {
      throw new MillraceError(
        "E_CONFIG",
        `${name}: an address is host:port alone, without scheme and credentials; these belong in ` +
          "KAFKA_SSL, KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD",
      );
    }
    if (/^\[[0-9a-f:.%\w]+\]:\d+$/i.test(broker)) {
      // kafkajs takes what is before the first colon for the host.
      throw new MillraceError(
        "E_CONFIG",
        `${name}: "${broker}" is an IPv6 address, which the Kafka client cannot take here: name a host that resolves to ` +
          "it (localhost:9092 for ::1). Addresses that the brokers themselves advertise may be IPv6",
      );
    }
    const port = Number(/^[^:\s[\]]+:(\d{1,5})$/.exec(broker)?.[1] ?? 0);
    if (port < 1 || port > 65_535) throw new MillraceError("E_CONFIG", `${name}: "${broker}" is not host:port`);
  }
  return brokers;
}

type ClickHouseVariables = Pick<
  Environment,
  "clickHouseUrl" | "clickHouseUser" | "clickHousePassword" | "clickHouseTls"
>;

function readClickHouse(env: Variables, warnings: Warnings): ClickHouseVariables {
  const url = env.CLICKHOUSE_URL === undefined ? undefined : parseClickHouseUrl(env.CLICKHOUSE_URL);
  const clickHouseUser = env.CLICKHOUSE_USER;
  const clickHousePassword = readSecret(env, "CLICKHOUSE_PASSWORD", warnings);
  if (clickHousePassword !== undefined) rememberLogin(clickHouseUser ?? "default", clickHousePassword);
  const tlsNames = tlsVariables(env, "CLICKHOUSE");
  if (tlsNames.length > 0 && url?.protocol !== "https:") {
    throw new MillraceError("E_CONFIG", `${tlsNames[0]} is set and CLICKHOUSE_URL does not begin with https://`);
  }
  const clickHouseTls = tlsNames.length === 0 ? undefined : readTlsFiles(env, "CLICKHOUSE", warnings);
  if (clickHouseTls?.own !== undefined && clickHousePassword !== undefined) {
    throw new MillraceError(
      "E_CONFIG",
      "CLICKHOUSE_CERT_FILE and CLICKHOUSE_PASSWORD are both set: ClickHouse logs a user in by one of them",
    );
  }
  if (clickHousePassword !== undefined && url?.protocol === "http:" && !loopbackHosts.includes(url.hostname)) {
    warnings.push("CLICKHOUSE_URL begins with http://: the password crosses the network as plain text");
  }
  return { clickHouseUrl: env.CLICKHOUSE_URL, clickHouseUser, clickHousePassword, clickHouseTls };
}

function parseClickHouseUrl(text: string): URL {
  const refuse = (why: string) => new MillraceError("E_CONFIG", `CLICKHOUSE_URL: ${why}`);
  // Before anything that shows the value.
  if (text.includes("@") || /[?&](?:user|password)=/i.test(text)) {
    throw refuse("has credentials in it; these belong in CLICKHOUSE_USER and CLICKHOUSE_PASSWORD(_FILE)");
  }
  if (!/^https?:\/\/.+/.test(text)) throw refuse(`"${text}" must begin with http:// or https://`);
  if (!URL.canParse(text)) throw refuse(`"${text}" is not a URL, such as https://clickhouse.example.com:8443`);
  const url = new URL(text);
  if (url.search !== "" || url.hash !== "") {
    throw refuse(
      `"${text}" has ${url.search}${url.hash} at its end: only an address, and the path of a proxy, are taken`,
    );
  }
  return url;
}

function readHttpToken(env: Variables, warnings: Warnings): string | undefined {
  const token = readSecret(env, "MILLRACE_HTTP_TOKEN", warnings);
  if (token === undefined) return undefined;
  if (token.length < tokenCharsMin || !/^[A-Za-z0-9._~+/=-]+$/.test(token)) {
    throw new MillraceError(
      "E_CONFIG",
      `MILLRACE_HTTP_TOKEN: must have at least ${tokenCharsMin} characters, of letters, digits and ._~+/=- ` +
        "(openssl rand -hex 32 makes one)",
    );
  }
  return token;
}

/** @throws MillraceError E_CONFIG when a server's secrets are set and the embedded server, which has none, would run. */
export function refuseSecretsForEmbedded(environment: Environment, env: Variables = process.env): void {
  const [kafka] = environment.kafkaBrokers === undefined ? kafkaSecurityVariables(env) : [];
  if (kafka !== undefined) {
    throw new MillraceError(
      "E_CONFIG",
      `${kafka} is set and KAFKA_BROKERS is not: the embedded broker has no TLS or login`,
    );
  }
}

/**
 * The embedded servers are a demo, with each other. One of them beside a real server would take somebody's records into a
 * folder, or made-up ones into somebody's tables.
 *
 * @throws MillraceError E_CONFIG when one of the two is named and the other is not.
 */
export function refuseHalfASetUp({ kafkaBrokers, clickHouseUrl }: Environment): void {
  if ((kafkaBrokers === undefined) === (clickHouseUrl === undefined)) return;
  const [set, absent] =
    kafkaBrokers === undefined ? ["CLICKHOUSE_URL", "KAFKA_BROKERS"] : ["KAFKA_BROKERS", "CLICKHOUSE_URL"];
  throw new MillraceError(
    "E_CONFIG",
    `${set} is set and ${absent} is not: name both servers, or neither for the embedded ones`,
  );
}

function refuseLongValues(env: Variables): void {
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value.length <= VALUE_CHARS_MAX || !ourVariables.test(name)) continue;
    throw new MillraceError(
      "E_CONFIG",
      `${name} has ${value.length} characters: at most ${VALUE_CHARS_MAX} are read. A file goes into its _FILE variable`,
    );
  }
}
