import type { Admin, KafkaConfig } from "kafkajs";
import type { Logger } from "pino";
import { connectAdmin, readClusterId } from "../clients/kafka/connect.ts";
import { ensureTopics } from "../clients/kafka/topics.ts";
import type { StartOptions } from "../config/start-options.ts";
import { defaultTopics } from "../config/topics.ts";
import { MillraceError } from "../core/errors.ts";
import type { Openings } from "./openings.ts";
import { type SimulatorChild, startSimulatorChild } from "./simulator-child.ts";

export interface OpenKafka {
  admin: Admin;
  clusterId: string;
  simulator: SimulatorChild | undefined;
}

/**
 * Connects, and makes the topics that are to be made. The simulator begins as soon as it has its topics: to load takes it
 * longer than the ingester needs to be ready.
 *
 * @throws what kafkajs throws; nothing is open then.
 */
export async function openKafka(
  kafka: KafkaConfig,
  options: StartOptions,
  log: Logger,
  openings: Openings,
): Promise<OpenKafka> {
  const admin = await connectAdmin(kafka);
  let clusterId: string;
  try {
    if (options.makesTopics) await ensureTopics(admin, defaultTopics);
    clusterId = await readClusterId(admin);
  } catch (error) {
    await admin.disconnect().catch(() => {});
    throw error;
  }
  await openings.add("admin", () => admin.disconnect());
  if (!options.simulator) return { admin, clusterId, simulator: undefined };
  const simulator = startSimulatorChild(options, kafka.brokers as string[], log);
  await openings.add("simulator", () => simulator.finish(0));
  return { admin, clusterId, simulator };
}

/**
 * One of several topics may come later: the source looks for it, and says so meanwhile.
 *
 * @throws MillraceError E_KAFKA when there is none at all: most likely the names are wrong.
 */
export async function requireTopics(admin: Admin, topics: string[]): Promise<void> {
  const existing = new Set(await admin.listTopics());
  if (topics.some((topic) => existing.has(topic))) return;
  const isBuiltIn = topics.some((topic) => defaultTopics.some(({ name }) => name === topic));
  const remedy = isBuiltIn ? "`millrace topics apply` makes the built-in ones" : "Create it, or check the name";
  throw new MillraceError("E_KAFKA", `Cannot read ${topics.join(", ")}: no such topic. ${remedy}.`);
}
