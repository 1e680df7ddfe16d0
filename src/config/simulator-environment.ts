import { readVariables } from "./options/read-options.ts";
import { bootstrapRows, simulatorRows } from "./options/simulate-rows.ts";
import type { SimulatorSettings } from "./simulator.ts";

/**
 * Accepted so that the replaced system's compose file works as it is, without effect: they tune its threads and queues,
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
  // Its compose file sets variables to nothing to mean that they are not set.
  const set = Object.fromEntries(Object.entries(env).filter(([, text]) => text !== ""));
  const where = (name: string, text: string) => `${name} is "${text}":`;
  const options = { ...readVariables(bootstrapRows, set, where), ...readVariables(simulatorRows, set, where) };
  return { options, withoutEffect: withoutEffect.filter((name) => env[name] !== undefined) };
}
