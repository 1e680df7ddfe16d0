import type { StartOptions } from "../config/start-options.ts";
import { defaultTopics } from "../config/topics.ts";
import type { SetUp } from "../operate/doctor/facts.ts";
import type { TablePlan } from "../schema/plan.ts";

/** What one fetch returns at most: for one partition. */
export const fetchBytesPerPartition = 4 * 1024 * 1024;

/** What the doctor has to know of a run. */
export function doctorSetUpOf(
  options: StartOptions,
  plans: TablePlan[],
  servers: Pick<SetUp, "brokers" | "embedded">,
): SetUp {
  const { profile, vcpus, groupId, from, fenceMs, sessionTimeoutMs, surviveMs } = options;
  return {
    ...servers,
    plans,
    profile,
    vcpus,
    groupId,
    from,
    fenceMs,
    sessionTimeoutMs,
    surviveMs,
    fetchBytesPerPartition,
    creatableTopics: options.makesTopics ? defaultTopics.map(({ name }) => name) : [],
  };
}
