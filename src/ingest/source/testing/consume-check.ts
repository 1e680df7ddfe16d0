import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { logLevel } from "kafkajs";
import { BufferPool } from "../../../core/buffer-pool.ts";
import { createSource } from "../consumer-source.ts";

/**
 * Consumes a topic with one partition from its beginning and prints a hash of its values as JSON: run by
 * frame-socket.int.test.ts under Node and under Deno, from the `.ts` files as they are.
 *
 * Arguments: brokers, topic, the last offset to read, the length of each value. Each record is a batch of its own, not
 * compressed: its value ends one byte before the batch does (no headers). Hashed at once: the memory is used again.
 */
const [brokers, topic, lastOffset, valueBytes] = process.argv.slice(2) as [string, string, string, string];
const pool = new BufferPool(() => 64 << 20);
const hash = createHash("sha256");
let seenOffset = -1;
let error: Error | undefined;
const source = createSource(
  {
    kafka: { brokers: [brokers], logLevel: logLevel.NOTHING },
    groupId: `check-${process.pid}`,
    topics: [topic],
    fetchBytesPerPartition: 1 << 20,
    fetchBytesMax: 1 << 20,
    fetchWaitMs: 100,
    flushIntervalMs: 100,
    sessionTimeoutMs: 30_000,
    from: "earliest",
  },
  {
    onBatch({ bytes, baseOffset, lastOffset: last }) {
      // A fetch may begin with the batch that the last one ended with: only what is new counts.
      if (baseOffset <= seenOffset) return;
      hash.update(bytes.subarray(bytes.length - 1 - Number(valueBytes), bytes.length - 1));
      seenOffset = last;
    },
    beforeJoin: async () => {},
    onBegin: async () => {},
    isNewTopic: () => false,
    onUnread: () => {},
    onJoined: () => {},
    onCaughtUp: () => {},
    onOutOfRange: (_at, _offset, logStart) => logStart,
    onCrash: (crash) => {
      error = crash;
    },
  },
  pool,
);
await source.start();
while (seenOffset < Number(lastOffset) && error === undefined) await sleep(20);
await source.stop();
const { taken, reused } = pool;
const isDeno = "Deno" in globalThis;
console.log(JSON.stringify({ isDeno, error: error?.message, hash: hash.digest("hex"), taken, reused }));
