import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CompressionTypes } from "kafkajs";
import { expect } from "vitest";
import { BufferPool } from "../../core/buffer-pool.ts";
import { consume, describeRanges, facts, never, type RangeCase, records, shape } from "./testing/range-bench.ts";
import { until } from "./testing/watched-group.ts";

/** Ranges read straight from the brokers: what comes, when the cluster is not as it should be, too. */

const script = fileURLToPath(new URL("./testing/read-range-check.ts", import.meta.url));
const deno = fileURLToPath(new URL("../../../node_modules/.bin/deno", import.meta.url));

const cases: RangeCase[] = [
  [
    "has exactly the batches that a consumer is shown: Node and Deno, and gives the responses' memory back",
    async (bench) => {
      const { broker, topic, create, put } = bench;
      await create();
      for (let batch = 0; batch < 40; batch += 1) {
        await put(
          Array.from({ length: 3 }, () => ({ value: randomBytes(20_000) })),
          CompressionTypes.GZIP,
        );
      }
      const pool = new BufferPool(() => 64 << 20);
      const range = { topic, partition: 0, firstOffset: 0, lastOffset: 119 };
      const { batches, ...rest } = await bench.reader({ fetchBytesMax: 200_000 }, pool).read(range, never());
      expect(rest).toEqual({});
      expect(batches.map(facts)).toEqual(await consume(bench, 119));
      expect(pool.reused).toBeGreaterThan(pool.taken / 2);
      const hash = createHash("sha256");
      for (const { bytes } of batches) hash.update(bytes);
      const read = async (command: string, args: string[]) => {
        const own = [script, `127.0.0.1:${broker.port}`, topic, "119"];
        return JSON.parse((await promisify(execFile)(command, [...args, ...own], { timeout: 40_000 })).stdout);
      };
      const digest = hash.digest("hex");
      expect([await read(process.execPath, []), await read(deno, ["run", "-A"])]).toEqual([
        { isDeno: false, hash: digest },
        { isDeno: true, hash: digest },
      ]);
    },
  ],
  [
    "that begins and ends inside batches comes with the whole of them",
    async ({ topic, create, put, reader }) => {
      await create();
      for (let batch = 0; batch < 5; batch += 1) await put(records(10));
      const read = async (firstOffset: number, lastOffset: number) =>
        shape((await reader().read({ topic, partition: 0, firstOffset, lastOffset }, never())).batches);
      expect(await read(5, 24)).toEqual([
        [5, 0, 9],
        [10, 10, 19],
        [20, 20, 29],
      ]);
      expect(await read(13, 14)).toEqual([[13, 10, 19]]);
      expect(await read(49, 49)).toEqual([[49, 40, 49]]);
      expect(await Promise.all([read(0, 9), read(20, 29)])).toEqual([[[0, 0, 9]], [[20, 20, 29]]]);
    },
  ],
  [
    "with a record that is larger than a fetch comes whole",
    async ({ topic, create, put, reader }) => {
      await create({ "max.message.bytes": "4000000" });
      await put(records(1));
      const value = randomBytes(1 << 20);
      await put([{ value }]);
      await put(records(1));
      const range = { topic, partition: 0, firstOffset: 0, lastOffset: 2 };
      const { batches } = await reader({ fetchBytesMax: 50_000 }).read(range, never());
      expect(shape(batches)).toEqual([
        [0, 0, 0],
        [1, 1, 1],
        [2, 2, 2],
      ]);
      expect(Buffer.from(batches[1]!.bytes).includes(value)).toBe(true);
    },
  ],
  [
    "of a topic or partition that does not exist is gone, and does not bring it back",
    async ({ admin, topic, create, put, reader }) => {
      await create();
      await put(records(1));
      const range = { topic, partition: 0, firstOffset: 0, lastOffset: 0 };
      const own = reader();
      expect((await own.read(range, never())).batches).toHaveLength(1);
      await admin.deleteTopics({ topics: [topic] });
      const answers = await Promise.all([own, reader()].map((each) => each.read(range, never())));
      expect(answers).toEqual([
        { batches: [], isGone: true },
        { batches: [], isGone: true },
      ]);
      expect(await admin.listTopics()).not.toContain(topic);
      await create();
      expect(await reader().read({ ...range, partition: 7 }, never())).toEqual({ batches: [], isGone: true });
    },
  ],
  [
    "that the log does not reach yet is told once, waited for, and read when it is there",
    async ({ topic, waits, create, put, reader }) => {
      await create();
      await put(records(10));
      const reading = reader().read({ topic, partition: 0, firstOffset: 5, lastOffset: 14 }, never());
      await until("it is told", () => waits.length > 0);
      await sleep(1_500);
      expect(waits).toEqual(["its log can be read up to offset 10, not to 14"]);
      await put(records(10));
      expect(shape((await reading).batches)).toEqual([
        [5, 0, 9],
        [10, 10, 19],
      ]);
      const beyond = reader().read({ topic, partition: 0, firstOffset: 30, lastOffset: 31 }, never());
      await until("it is told", () => waits.length > 1);
      expect(waits[1]).toBe("its log ends at offset 20, before 30");
      await put(records(12));
      expect(shape((await beyond).batches)).toEqual([[30, 20, 31]]);
    },
  ],
  [
    "is not waited for any more when its signal aborts, or the reader is closed",
    async ({ topic, create, reader }) => {
      await create();
      const range = { topic, partition: 0, firstOffset: 0, lastOffset: 0 };
      const own = reader();
      const stop = new AbortController();
      const [aborted, closed] = [own.read(range, stop.signal), own.read(range, never())];
      // Listened for from the start: it may be refused before it is looked at.
      const isRefused = expect(closed).rejects.toThrow("Cannot read a range: the reader is closed");
      await sleep(500);
      stop.abort(new Error("not the owner any more"));
      await expect(aborted).rejects.toThrow("not the owner any more");
      await expect(own.read(range, stop.signal)).rejects.toThrow("not the owner any more");
      await own.close();
      await isRefused;
      await expect(own.read(range, never())).rejects.toThrow("Cannot read a range: the reader is closed");
    },
  ],
];

const alone: RangeCase[] = [
  [
    "is read when its broker is back, by connections of before and by new ones",
    async ({ broker, topic, waits, create, put, reader }) => {
      await create();
      for (let batch = 0; batch < 3; batch += 1) await put(records(10));
      const range = { topic, partition: 0, firstOffset: 0, lastOffset: 29 };
      const own = reader();
      await own.read(range, never());
      await broker.stop();
      const readings = [own, reader()].map((each) => each.read(range, never()));
      await until("both are told", () => waits.length === 2);
      await broker.start();
      for (const { batches } of await Promise.all(readings)) expect(shape(batches)).toHaveLength(3);
    },
  ],
];

describeRanges(cases, [], alone);
