import type { Command } from "commander";

/** Adds `--brokers`, which overrides KAFKA_BROKERS. */
export function addBrokersOption(command: Command): Command {
  return command.option(
    "--brokers <list>",
    "Kafka brokers, comma-separated host:port (default: KAFKA_BROKERS, else the running demo's)",
  );
}
