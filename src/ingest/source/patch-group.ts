import { brokerAwayNames } from "../../clients/kafka/classify-error.ts";
import { sleepUntil, systemClock } from "../../core/clock.ts";
import { fetchFromNode } from "./fetch-from-node.ts";
import type { Brought } from "./fetch-pace.ts";
import { joinAs } from "./join-group.ts";
import { type ConsumerGroup, groupPrototype, kafkajsOwn } from "./kafkajs-methods.ts";
import { expireMetadata, type Member, members } from "./member-state.ts";

/** Joins, and fetches whose batches are handed over in the membership in which they were asked for. */

groupPrototype.joinAndSync = function (this: ConsumerGroup) {
  const member = members.get(this.cluster);
  if (member === undefined) return kafkajsOwn.joinAndSync.call(this);
  // Two fetches that meet the same change of the group would join one after the other.
  member.joining ??= joinAs(this, member).finally(() => {
    member.joining = undefined;
  });
  return member.joining;
};

groupPrototype.fetch = async function (this: ConsumerGroup, nodeId) {
  const member = members.get(this.cluster);
  if (member === undefined) return kafkajsOwn.fetch.call(this, nodeId);
  const { pace, caughtUp } = member;
  const node = Number(nodeId);
  // Not sooner: the fetch would be another one in the tick before, and what it brings be cut with the next.
  await sleepUntil(systemClock, pace.nextMs(node));
  // Another fetch has begun a join: offsets are those of before, the generation may be the next one already.
  await member.joining?.catch(() => {});
  const { current } = member;
  if (current === undefined) {
    // A join has failed, or a commit was refused. kafkajs would fetch on without one; this makes it join.
    throw Object.assign(new Error("not in the group"), { type: "REBALANCE_IN_PROGRESS" });
  }
  member.clockSteps.carryTo(this);
  const mayRest = this.subscriptionState.paused().length === 0;
  const sentMs = systemClock.nowMs();
  const waitMs = mayRest ? pace.waitMs(node, this.maxWaitTime, sentMs) : this.maxWaitTime;
  pace.asked(node, waitMs, sentMs);
  const brought = await fetchFromNode(this, member, current, { nodeId: node, waitMs }).catch((error) =>
    restNode(this, member, node, error),
  );
  const answeredMs = systemClock.nowMs();
  pace.returned(node, brought, answeredMs);
  if (brought.byteCount === 0 || pace.nextMs(node) > answeredMs) caughtUp.look();
  return [];
};

/**
 * One broker is away: its partitions rest, and the others go on; kafkajs would stop the fetches of all others, longer each
 * time. The heartbeat after a fetch tells when it is all.
 */
function restNode(group: ConsumerGroup, { watch }: Member, nodeId: number, error: unknown): Brought {
  const led = kafkajsOwn.filterPartitionsByNode.call(group, nodeId, group.assigned());
  const partitions = led.flatMap((entry) => entry.partitions.map((partition) => ({ topic: entry.topic, partition })));
  if (watch === undefined || partitions.length === 0 || !brokerAwayNames.has((error as Error).name)) throw error;
  const type = "its leader does not answer";
  watch.failed(
    partitions.map((at) => ({ ...at, type })),
    performance.now(),
  );
  expireMetadata(group.cluster, 0);
  return { byteCount: 0, hasMore: false };
}
