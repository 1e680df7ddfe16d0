import { setTimeout as sleep } from "node:timers/promises";
import { brokerAwayNames } from "../../clients/kafka/classify-error.ts";
import { systemClock } from "../../core/clock.ts";
import type { Brought } from "./fetch-pace.ts";
import { joinAs } from "./join-group.ts";
import {
  type ConsumerGroup,
  type FetchedBatch,
  groupPrototype,
  kafkajsOwn,
  runnerPrototype,
} from "./kafkajs-methods.ts";
import { expireMetadata, type Member, members } from "./member-state.ts";

/** Joins, fetches, and hands on what was fetched, each in the membership in which it began. */

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
  await rest(member, Number(nodeId));
  // Another fetch has begun a join: offsets are those of before, the generation may be the next one already.
  await member.joining?.catch(() => {});
  const { current } = member;
  if (current === undefined) {
    // A join has failed, or a commit was refused. kafkajs would fetch on without one; this makes it join.
    throw Object.assign(new Error("not in the group"), { type: "REBALANCE_IN_PROGRESS" });
  }
  member.clockSteps.carryTo(this);
  member.fetchWaitMs ??= this.maxWaitTime;
  const mayRest = this.subscriptionState.paused().length === 0;
  this.maxWaitTime = mayRest
    ? member.pace.waitMs(Number(nodeId), member.fetchWaitMs, systemClock.nowMs())
    : member.fetchWaitMs;
  member.pace.asked(Number(nodeId), systemClock.nowMs());
  const batches = await kafkajsOwn.fetch
    .call(this, nodeId)
    .catch((error) => restNode(this, member, Number(nodeId), error));
  member.pace.returned(Number(nodeId), broughtBy(batches), systemClock.nowMs());
  for (const batch of batches) batch.membership = current;
  return batches;
};

/** kafkajs asks a broker again when all that it answered is handed over. */
async function rest({ pace, hooks }: Member, nodeId: number): Promise<void> {
  const restMs = pace.restMs(nodeId, systemClock.nowMs());
  if (restMs === 0) return;
  const othersMs = pace.catchesUpInMs(systemClock.nowMs());
  if (othersMs === 0) hooks.onCaughtUp();
  // Those that answer meanwhile look for themselves; what they do not say is said here.
  else if (othersMs < restMs)
    setTimeout(() => pace.catchesUpInMs(systemClock.nowMs()) === 0 && hooks.onCaughtUp(), othersMs);
  await sleep(restMs);
}

function broughtBy(batches: readonly FetchedBatch[]): Brought {
  const brought = { byteCount: 0, hasMore: false };
  for (const { messages } of batches) {
    for (const { value } of messages) brought.byteCount += value.length;
    if (messages.at(-1)?.hasMore === true) brought.hasMore = true;
  }
  return brought;
}

runnerPrototype.handleBatch = async function (this: typeof runnerPrototype, batch) {
  const member = members.get(this.consumerGroup.cluster);
  if (member === undefined) return kafkajsOwn.handleBatch.call(this, batch);
  // Neither shown nor resolved: whoever owns the partition now fetches it from the committed offset.
  if (batch.membership !== member.current || !this.running) return;
  if (batch.messages.length === 0) return kafkajsOwn.handleBatch.call(this, batch);
  // Without the events that kafkajs computes for each batch, six 64-bit numbers and a dozen objects: nobody listens.
  await this.processEachBatch(batch);
  await this.heartbeat();
};

/**
 * One broker is away: its partitions rest, and the others go on; kafkajs would stop the fetches of all others, longer each
 * time. The heartbeat after a fetch tells when it is all.
 */
function restNode(group: ConsumerGroup, { watch }: Member, nodeId: number, error: unknown): FetchedBatch[] {
  const led = kafkajsOwn.filterPartitionsByNode.call(group, nodeId, group.assigned());
  const partitions = led.flatMap((entry) => entry.partitions.map((partition) => ({ topic: entry.topic, partition })));
  if (watch === undefined || partitions.length === 0 || !brokerAwayNames.has((error as Error).name)) throw error;
  const type = "its leader does not answer";
  watch.failed(
    partitions.map((at) => ({ ...at, type })),
    performance.now(),
  );
  expireMetadata(group.cluster, 0);
  return [];
}
