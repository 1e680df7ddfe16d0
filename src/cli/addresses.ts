import type { Command } from "commander";
import { type Environment, parseBrokers } from "../config/environment.ts";
import { MillraceError } from "../core/errors.ts";
import type { ClickHouseAddress } from "./connect.ts";

/** Adds `--brokers`, which overrides KAFKA_BROKERS. */
export function addBrokersOption(command: Command): Command {
  return command.option("--brokers <list>", "Kafka brokers, comma-separated host:port (default: KAFKA_BROKERS)");
}

/** @throws MillraceError E_CONFIG when neither the option nor the environment names a broker, or an address is none. */
export function requireBrokers(environment: Environment, option: string | undefined): string[] {
  const brokers = option === undefined ? environment.kafkaBrokers : parseBrokers("--brokers", option);
  if (brokers === undefined) {
    throw new MillraceError("E_CONFIG", "KAFKA_BROKERS is not set: name the brokers there or with --brokers host:port");
  }
  return brokers;
}

/** @throws MillraceError E_CONFIG when CLICKHOUSE_URL is not set. */
export function requireClickHouse(environment: Environment): ClickHouseAddress {
  if (environment.clickHouseUrl === undefined) {
    throw new MillraceError("E_CONFIG", "CLICKHOUSE_URL is not set: for example http://127.0.0.1:8123");
  }
  return clickHouseAddress(environment, environment.clickHouseUrl);
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
