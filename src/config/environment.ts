import { MillraceError } from "../core/errors.ts";

/** Addresses and credentials, from environment variables only: secrets do not belong on a command line. */
export interface Environment {
  /** KAFKA_BROKERS, comma-separated `host:port`. Undefined: the embedded broker. */
  kafkaBrokers: string[] | undefined;
  /** CLICKHOUSE_URL, http(s). Undefined: the embedded server. */
  clickHouseUrl: string | undefined;
  clickHouseUser: string | undefined;
  clickHousePassword: string | undefined;
  /** MILLRACE_DIR: data of the embedded servers. */
  dataDir: string;
  /** MILLRACE_LOG_LEVEL. */
  logLevel: string;
  /** Set by npm and npx for the commands they run. */
  startedByNpm: boolean;
}

const logLevels = ["trace", "debug", "info", "warn", "error", "silent"];

/** Reads and checks the environment. @throws MillraceError E_CONFIG that names the variable, the value and the bound. */
export function readEnvironment(env: Record<string, string | undefined> = process.env): Environment {
  const brokers = env.KAFKA_BROKERS?.split(",").map((broker) => broker.trim());
  for (const broker of brokers ?? []) {
    if (!/^[^:\s]+:\d{1,5}$|^\[[0-9a-f:]+\]:\d{1,5}$/i.test(broker)) {
      throw new MillraceError("E_CONFIG", `KAFKA_BROKERS: "${broker}" is not host:port`);
    }
  }
  const url = env.CLICKHOUSE_URL;
  if (url !== undefined && !/^https?:\/\/.+/.test(url)) {
    throw new MillraceError("E_CONFIG", `CLICKHOUSE_URL: "${url}" must begin with http:// or https://`);
  }
  const logLevel = env.MILLRACE_LOG_LEVEL ?? "info";
  if (!logLevels.includes(logLevel)) {
    throw new MillraceError("E_CONFIG", `MILLRACE_LOG_LEVEL: "${logLevel}" must be one of ${logLevels.join(", ")}`);
  }
  return {
    kafkaBrokers: brokers,
    clickHouseUrl: url,
    clickHouseUser: env.CLICKHOUSE_USER,
    clickHousePassword: env.CLICKHOUSE_PASSWORD,
    dataDir: env.MILLRACE_DIR ?? ".millrace",
    logLevel,
    startedByNpm: env.npm_command !== undefined,
  };
}
