import { createRequire } from "node:module";
import { type PartitionAssigner, PartitionAssigners } from "kafkajs";

interface MemberMetadata {
  encode(metadata: { version: number; topics: string[]; userData: Buffer }): Buffer;
}

const require = createRequire(import.meta.url);
const { MemberMetadata }: { MemberMetadata: MemberMetadata } = require("kafkajs/src/consumer/assignerProtocol.js");

/**
 * kafkajs' round-robin assigner, by whose protocol each join differs from the one before.
 *
 * A member that joins a group which stands still, and says of itself what it said before, is given the generation that it
 * has (Kafka's classic coordinator; only the leader's join makes a new one). A commit of the epoch before that is still on
 * its way would then be taken, over those of the new epoch. Told something else, the coordinator makes a new generation,
 * and refuses what comes under the old one.
 *
 * `joinCount` stays while one join is repeated: the coordinator answers a repeat without another rebalance.
 */
export function epochAssigner(
  config: Parameters<PartitionAssigner>[0],
  joinCount: () => number,
): ReturnType<PartitionAssigner> {
  const assigner = PartitionAssigners.roundRobin(config);
  return {
    ...assigner,
    protocol({ topics }) {
      const userData = Buffer.alloc(4);
      userData.writeUInt32BE(joinCount());
      return { name: assigner.name, metadata: MemberMetadata.encode({ version: assigner.version, topics, userData }) };
    },
  };
}
