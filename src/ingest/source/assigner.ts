import { AssignerProtocol, type PartitionAssigner } from "kafkajs";
import { assignBySubscription } from "./assign.ts";
import { encodeGroupPlan } from "./group-plan.ts";

/**
 * kafkajs' own assigner has this name: members of older versions share the group with ours, and whoever of them leads it
 * decides. Another name would be refused by the coordinator while a deploy has replaced some of them only.
 */
const NAME = "RoundRobinAssigner";
const VERSION = 0;

interface Cluster {
  brokerPool: { findConnectedBroker(): Promise<MetadataBroker> };
}

interface MetadataBroker {
  metadata(
    topics: string[],
  ): Promise<{ topicMetadata: { topic: string; partitionMetadata: { partitionId: number }[] }[] }>;
}

export interface AssignerOptions {
  /** Stays while one join is repeated: the coordinator answers a repeat without another rebalance. */
  joinCount(): number;
  /** Of these topics, those that the group has committed offsets of; asked as the leader, before anybody begins one. */
  begunTopics?: ((partitionCounts: Readonly<Record<string, number>>) => Promise<string[]>) | undefined;
}

/**
 * An assigner that gives partitions only to members that read their topic. kafkajs' own gives the topics of the leader,
 * which are the only ones it looks at, to everybody: a topic that the leader does not read is then read by nobody.
 *
 * By its protocol each join differs from the one before. A member that joins a group which stands still, and says of itself
 * what it said before, is given the generation that it has (Kafka's classic coordinator; only the leader's join makes a new
 * one). A commit of the epoch before that is still on its way would then be taken, over those of the new epoch. Told
 * something else, the coordinator makes a new generation, and refuses what comes under the old one.
 */
export function subscriptionAssigner(options: AssignerOptions): PartitionAssigner {
  const { MemberMetadata, MemberAssignment } = AssignerProtocol;
  return (config) => ({
    name: NAME,
    version: VERSION,
    protocol({ topics }) {
      const userData = Buffer.alloc(4);
      userData.writeUInt32BE(options.joinCount());
      return { name: NAME, metadata: MemberMetadata.encode({ version: VERSION, topics, userData }) };
    },
    async assign({ members }) {
      const subscribers = members.map(({ memberId, memberMetadata }) => ({
        memberId,
        topics: MemberMetadata.decode(memberMetadata)?.topics ?? [],
      }));
      const topics = [...new Set(subscribers.flatMap((subscriber) => subscriber.topics))].sort();
      const { brokerPool } = (config as unknown as { cluster: Cluster }).cluster;
      // Not kafkajs' metadata, which is about the leader's own topics.
      const { topicMetadata } = await (await brokerPool.findConnectedBroker()).metadata(topics);
      const partitions = new Map(
        topicMetadata.map(({ topic, partitionMetadata }) => [topic, partitionMetadata.map((one) => one.partitionId)]),
      );
      const partitionCounts = Object.fromEntries(
        [...partitions].filter(([, ids]) => ids.length > 0).map(([topic, ids]) => [topic, ids.length]),
      );
      const userData = encodeGroupPlan({ partitionCounts, begun: await options.begunTopics?.(partitionCounts) });
      const assignment = assignBySubscription(subscribers, partitions);
      return [...assignment].map(([memberId, share]) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({ version: VERSION, assignment: share, userData }),
      }));
    },
  });
}
