import { logLevel } from "kafkajs";
import { partitionKey } from "../../../core/topic-partition.ts";
import { createSource, type Source, type SourceEvents, type SourceOptions } from "../consumer-source.ts";
import type { Membership } from "../membership.ts";
import type { Unread } from "../topic-watch.ts";
import { type SocketTap, tapSockets } from "./tapped-sockets.ts";

/** A batch that a member was shown. */
export interface ShownBatch {
  /** The one that the member was in; 0 while it joins, when nothing may be shown. */
  generation: number;
  topic: string;
  partition: number;
  fetchOffset: number;
  baseOffset: number;
  lastOffset: number;
}

/** A member of a group, with all that its source has told. */
export interface WatchedMember {
  readonly source: Source;
  readonly tap: SocketTap;
  readonly shown: ShownBatch[];
  readonly joins: Membership[];
  /** Partitions that the group began, with their offsets. */
  readonly begun: [topic: string, partition: number, offset: number][];
  /** What was not read, each time that it changed. */
  readonly unread: (readonly Unread[])[];
  readonly crashes: Error[];
  /** Batches of one partition, under one generation or all. */
  batchesOf(topic: string, partition: number, generation?: number): ShownBatch[];
}

export type MemberSetup = Pick<SourceOptions, "groupId" | "topics"> &
  Partial<SourceOptions> &
  Partial<Omit<SourceEvents, "from">> & { port: number; secondNodeTopics?: string[] };

/** Short, so that what waits for it costs a test seconds; heartbeats go at a tenth. */
const SESSION_TIMEOUT_MS = 3_000;

/** Makes a source that does not run yet. What it tells is noted first, then handed to the set-up's own listener. */
export function watchMember({ port, secondNodeTopics, ...setup }: MemberSetup): WatchedMember {
  const tap = tapSockets(secondNodeTopics);
  const shown: ShownBatch[] = [];
  const joins: Membership[] = [];
  const begun: WatchedMember["begun"] = [];
  const unread: (readonly Unread[])[] = [];
  const crashes: Error[] = [];
  let generation = 0;
  const kafka = {
    brokers: [`127.0.0.1:${port}`],
    logLevel: logLevel.NOTHING,
    socketFactory: tap.socketFactory,
  };
  const options = { fetchBytesPerPartition: 1 << 20, fetchBytesMax: 1 << 20, fetchWaitMs: 100, flushIntervalMs: 25 };
  const source = createSource(
    { kafka, from: "earliest", sessionTimeoutMs: SESSION_TIMEOUT_MS, ...options, ...setup },
    {
      async beforeJoin() {
        generation = 0;
        await setup.beforeJoin?.();
      },
      async onBegin(at, offset) {
        begun.push([at.topic, at.partition, offset]);
        await setup.onBegin?.(at, offset);
      },
      isNewTopic: (topic) => setup.isNewTopic?.(topic) ?? false,
      onUnread(list) {
        unread.push(list);
        setup.onUnread?.(list);
      },
      onJoined(membership) {
        joins.push(membership);
        generation = membership.generation;
        return setup.onJoined?.(membership);
      },
      onBatch(batch) {
        const { topic, partition, fetchOffset, baseOffset, lastOffset } = batch;
        shown.push({ generation, topic, partition, fetchOffset, baseOffset, lastOffset });
        setup.onBatch?.(batch);
      },
      onCaughtUp: (answersWithinMs) => setup.onCaughtUp?.(answersWithinMs),
      onOutOfRange(at, offset, logStart, logEnd) {
        if (setup.onOutOfRange !== undefined) return setup.onOutOfRange(at, offset, logStart, logEnd);
        throw new RangeError(`out of range: ${partitionKey(at)} ${offset} ${logStart} ${logEnd}`);
      },
      onCrash(error) {
        crashes.push(error);
        setup.onCrash?.(error);
      },
    },
  );
  return {
    ...{ source, tap, shown, joins, begun, unread, crashes },
    batchesOf: (topic, partition, generation) =>
      shown.filter(
        (batch) =>
          batch.topic === topic &&
          batch.partition === partition &&
          (generation === undefined || batch.generation === generation),
      ),
  };
}
