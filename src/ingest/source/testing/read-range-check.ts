import { createHash } from "node:crypto";
import { logLevel } from "kafkajs";
import { createRangeReader } from "../range-reader.ts";

/**
 * Reads offsets 0 to `lastOffset` of partition 0 of a topic, and prints a hash of the batches as JSON: run by
 * range-reader.int.test.ts under Node and under Deno, from the `.ts` files as they are.
 *
 * Arguments: brokers, topic, the last offset to read.
 */
const [brokers, topic, lastOffset] = process.argv.slice(2) as [string, string, string];
const reader = createRangeReader({
  kafka: { brokers: [brokers], logLevel: logLevel.NOTHING },
  fetchBytesMax: 1 << 20,
  onWait: (_range, reason) => console.error(reason),
});
const range = { topic, partition: 0, firstOffset: 0, lastOffset: Number(lastOffset) };
const { batches } = await reader.read(range, AbortSignal.timeout(30_000));
await reader.close();
const hash = createHash("sha256");
for (const { bytes } of batches) hash.update(bytes);
console.log(JSON.stringify({ isDeno: "Deno" in globalThis, hash: hash.digest("hex") }));
