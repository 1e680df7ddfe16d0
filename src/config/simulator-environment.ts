import type { OptionRows } from "./options/option-row.ts";
import { readVariables } from "./options/read-options.ts";
import { simulatorRows } from "./options/simulate-rows.ts";
import type { SimulatorSettings } from "./simulator.ts";

/** Whoever sets KAFKA_BROKERS, too, means that. */
const brokersRows = {
  brokers: {
    env: "KAFKA_BOOTSTRAP",
    type: { kind: "list", of: { kind: "text" } },
    help: "brokers, where neither --brokers nor KAFKA_BROKERS names any",
  },
} as const satisfies OptionRows;

/**
 * Accepted so that the seed system's compose file works as it is, without effect: they tune its threads and queues,
 * which this simulator does not have (one event loop fills the batches of all partitions).
 */
const withoutEffect = [
  "LOG_BATCH_SIZE",
  "LOOPS_PER_SERVICE",
  "PUBLISHER_WORKERS",
  "WORKER_BATCH_SIZE",
  "PUBLISH_QUEUE_WARN_RATIO",
  "IDLE_WARN_SEC",
  "SEND_WARN_SEC",
  "QUEUE_LOW_WATERMARK_RATIO",
  "QUEUE_LOW_SLEEP_SCALE",
  "QUEUE_THROTTLE_SLEEP",
];

export interface SimulatorEnvironment {
  options: Partial<SimulatorSettings>;
  /** Variables that are set and do nothing here. */
  withoutEffect: string[];
}

/**
 * Reads the variables of the replaced system (S0-14, S0-19 to S0-22). Bounds are checked with the options.
 *
 * @throws MillraceError E_CONFIG that names the variable and its value.
 */
export function readSimulatorEnvironment(env: Record<string, string | undefined>): SimulatorEnvironment {
  const options = { ...readVariables(brokersRows, env), ...readVariables(simulatorRows, env) };
  return { options, withoutEffect: withoutEffect.filter((name) => env[name] !== undefined) };
}
