import type { Admin, KafkaConfig } from "kafkajs";
import type { Logger } from "pino";
import { MillraceError } from "../../core/errors.ts";
import { within } from "../../core/within.ts";
import { connectAdmin, kafkaConfig } from "./connect.ts";
import { explainKafkaError } from "./explain-error.ts";
import type { KafkaSecurity } from "./security.ts";

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
  log: Logger,
  security: KafkaSecurity | undefined,
): KafkaConfig {
  return {
    ...kafkaConfig(brokers, clientId, log, security),
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
    new MillraceError("E_KAFKA", `no Kafka broker of ${brokers} accepts the connection: ${reason}`, { cause });
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
    throw refusal(explainKafkaError(error) ?? (error as Error).message, error);
  }
  throw refusal(
    `none has answered within ${COMMAND_CONNECT_MS / 1000} s. Check the address, that it runs, and whether it wants ` +
      "KAFKA_SSL and a login",
  );
}
