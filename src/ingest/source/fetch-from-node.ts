import { setTimeout as sleep } from "node:timers/promises";
import type { TopicPartition } from "../../core/topic-partition.ts";
import type { Brought } from "./fetch-pace.ts";
import type { FetchedBatch } from "./fetched-batch.ts";
import type { AskedTopic, ConsumerGroup, FetchAnswer } from "./kafkajs-methods.ts";
import type { Member } from "./member-state.ts";
import type { Membership } from "./membership.ts";

const NOTHING: Readonly<Brought> = { byteCount: 0, hasMore: false };

/**
 * One fetch, from the question to the hand-over of everything that it brought.
 *
 * kafkajs' own makes an object of each partition, copies its list of batches twice, passes it through a queue of workers and
 * looks after each whether a heartbeat is due: 20 µs and some kB of short-lived objects a partition, at 256 of them a third
 * of what the process does under a light load. Here the batches go to the listener one after the other, at once, and kafkajs
 * is told that there were none; it looks for the heartbeat then. What it does for a fetch otherwise is done alike.
 *
 * Only what was asked for under `membership` is handed over, and while it lasts.
 */
export async function fetchFromNode(
  group: ConsumerGroup,
  member: Member,
  membership: Membership,
  question: Question,
): Promise<Brought> {
  const asked = await ask(group, question).catch((error) => group.recoverFromFetch(error));
  if (asked === undefined) return NOTHING;
  const receivedMs = Date.now();
  const brought = { ...NOTHING };
  // All of it before the first hand-over: a pause that this brings about is for the next fetch.
  const wanted = takeWanted(group, asked, brought);
  if (brought.byteCount > 0) brought.hasMore ||= leavesSomething(asked);
  try {
    for (const fetched of wanted) {
      if (membership === member.current) handOver(group, member, fetched, receivedMs);
    }
  } finally {
    // Also of what could not be handed over: mostly for want of memory.
    for (const { batches } of wanted) release(batches);
  }
  return brought;
}

interface Question {
  nodeId: number;
  /** How long the broker may keep the fetch when it has nothing. Others may keep theirs for longer. */
  waitMs: number;
}

interface Asked {
  answer: FetchAnswer["responses"];
  /** By topic and partition: where the fetch begins. */
  offsets: ReadonlyMap<string, ReadonlyMap<number, number>>;
}

/** Undefined: there is nothing to fetch from this broker now. */
async function ask(group: ConsumerGroup, { nodeId, waitMs }: Question): Promise<Asked | undefined> {
  const { cluster } = group;
  await cluster.refreshMetadataIfNecessary();
  group.checkForStaleAssignment();
  const led = group.filterPartitionsByNode(nodeId, group.assigned());
  await group.seekOffsets(led);
  const topics = led.map((entry) => wantedOf(group, entry)).filter(({ partitions }) => partitions.length > 0);
  const { minBytes, maxBytes, isolationLevel, rackId } = group;
  if (topics.length === 0) {
    await sleep(waitMs);
    return undefined;
  }
  const broker = await cluster.findBroker({ nodeId });
  const limits = { maxWaitTime: waitMs, minBytes, maxBytes };
  const { responses } = await broker.fetch({ ...limits, isolationLevel, topics, rackId });
  const offsetsOf = ({ partitions }: AskedTopic) =>
    new Map(partitions.map(({ partition, fetchOffset }) => [partition, Number(fetchOffset)]));
  return { answer: responses, offsets: new Map(topics.map((asked) => [asked.topic, offsetsOf(asked)])) };
}

function wantedOf(group: ConsumerGroup, { topic, partitions }: { topic: string; partitions: number[] }): AskedTopic {
  const { offsetManager, subscriptionState, maxBytesPerPartition: maxBytes } = group;
  const committed = offsetManager.committedOffsets()[topic] ?? {};
  const wanted = partitions.filter(
    // Without an offset: its log did not have the one before, and the next one is being looked for.
    (partition) => committed[partition] !== undefined && !subscriptionState.isPaused(topic, partition),
  );
  const fetchOffset = (partition: number) => offsetManager.nextOffset(topic, partition).toString();
  return {
    topic,
    partitions: wanted.map((partition) => ({ partition, fetchOffset: fetchOffset(partition), maxBytes })),
  };
}

/** What was ordered while the answer was on its way: another place, or a pause. */
function isUnwanted({ seekOffset, subscriptionState }: ConsumerGroup, { topic, partition }: TopicPartition): boolean {
  return seekOffset.has(topic, partition) || subscriptionState.isPaused(topic, partition);
}

interface Fetched {
  at: TopicPartition;
  from: number;
  batches: readonly FetchedBatch[];
}

/** What of an answer is to be handed over; the rest is let go. Adds up in `brought` what there was. */
function takeWanted(group: ConsumerGroup, { answer, offsets }: Asked, brought: Brought): Fetched[] {
  const wanted: Fetched[] = [];
  for (const { topicName: topic, partitions } of answer) {
    const offsetsOf = offsets.get(topic);
    for (const { partition, messages: batches, lastStableOffset } of partitions) {
      const last = batches.at(-1);
      if (last === undefined) continue;
      const from = offsetsOf?.get(partition);
      const at = { topic, partition };
      const isWanted = from !== undefined && !isUnwanted(group, at);
      // What is let go is still there.
      brought.hasMore ||= last.lastOffset + 1 < Number(lastStableOffset) || !isWanted;
      for (const { bytes } of batches) brought.byteCount += bytes.length;
      if (isWanted) wanted.push({ at, from, batches });
      else release(batches);
    }
  }
  return wanted;
}

/** A batch above the limits comes only when its partition is the first of an answer that has something. */
function leavesSomething({ answer, offsets }: Asked): boolean {
  return answer.some(({ topicName, partitions }) => {
    const offsetsOf = offsets.get(topicName);
    return partitions.some(
      ({ partition, messages, lastStableOffset }) =>
        messages.length === 0 && Number(lastStableOffset) > (offsetsOf?.get(partition) ?? Infinity),
    );
  });
}

function release(batches: readonly FetchedBatch[]): void {
  for (const batch of batches) batch.release?.();
}

/** Hands the batches of a partition over, and goes on behind them. */
function handOver(group: ConsumerGroup, { hooks }: Member, { at, from, batches }: Fetched, receivedMs: number): void {
  let next = from;
  for (const batch of batches) {
    // A broker may begin an answer with what lies before.
    if (batch.lastOffset >= next) {
      hooks.onFetchedBatch(at, batch, receivedMs, next);
      next = batch.lastOffset + 1;
    }
  }
  if (next > from) group.offsetManager.resolveOffset({ ...at, offset: String(next - 1) });
}
