import type { ClickHouseAddress } from "../clients/clickhouse/connect.ts";
import { type Environment, parseBrokers, refuseSecretsForEmbedded } from "../config/environment.ts";
import { MillraceError } from "../core/errors.ts";
import { findRunning } from "./run-file.ts";

/**
 * The environment for a command that needs servers: where it names none, those of the `millrace start` that runs with
 * embedded servers on its data folder. One address that is given is enough to look for no other: a real Kafka and the
 * demo's ClickHouse have nothing to do with each other.
 */
export function withRunningDemo(environment: Environment, brokersOption?: string): Environment {
  const { kafkaBrokers, clickHouseUrl, dataDir } = environment;
  if (brokersOption !== undefined || kafkaBrokers !== undefined || clickHouseUrl !== undefined) return environment;
  const running = findRunning(dataDir);
  if (running === undefined) return environment;
  refuseSecretsForEmbedded(environment);
  return { ...environment, kafkaBrokers: [running.kafkaBroker], clickHouseUrl: running.clickHouseUrl };
}

/** @throws MillraceError E_CONFIG when neither the option nor the environment names a broker, or an address is none. */
export function requireBrokers(environment: Environment, option: string | undefined): string[] {
  const brokers = option === undefined ? environment.kafkaBrokers : parseBrokers("--brokers", option);
  if (brokers === undefined) {
    throw new MillraceError(
      "E_CONFIG",
      `KAFKA_BROKERS is not set${noDemo(environment)}: name the brokers there or with --brokers host:port`,
    );
  }
  return brokers;
}

/** @throws MillraceError E_CONFIG when CLICKHOUSE_URL is not set. */
export function requireClickHouse(environment: Environment): ClickHouseAddress {
  if (environment.clickHouseUrl === undefined) {
    throw new MillraceError(
      "E_CONFIG",
      `CLICKHOUSE_URL is not set${noDemo(environment)}: for example http://127.0.0.1:8123`,
    );
  }
  return clickHouseAddress(environment, environment.clickHouseUrl);
}

function noDemo({ kafkaBrokers, clickHouseUrl, dataDir }: Environment): string {
  if (kafkaBrokers !== undefined || clickHouseUrl !== undefined) return "";
  return `, and no \`millrace start\` with embedded servers runs on ${dataDir} (MILLRACE_DIR)`;
}

/** Which servers are the embedded ones: those that the environment does not name. */
export function embeddedServersOf(environment: Environment): { kafka: boolean; clickHouse: boolean } {
  return { kafka: environment.kafkaBrokers === undefined, clickHouse: environment.clickHouseUrl === undefined };
}

/** The server at `url` with the credentials and certificates of the environment. */
export function clickHouseAddress(environment: Environment, url: string): ClickHouseAddress {
  const { clickHouseUser: user, clickHousePassword: password, clickHouseTls: tls } = environment;
  return { url, user, password, tls };
}
