import type { GroupCoordinator } from "./group/coordinator.ts";
import type { ProducerIds } from "./storage/producer-ids.ts";
import type { TopicStore } from "./topic/topic-store.ts";

/** The one node's id: leader and replica of every partition, coordinator of every group. */
export const NODE_ID = 1;

/** What the API handlers share. */
export interface Broker {
  readonly clusterId: string;
  readonly topics: TopicStore;
  readonly groups: GroupCoordinator;
  readonly producerIds: ProducerIds;
  readonly defaultPartitions: number;
  readonly autoCreateTopics: boolean;
}
