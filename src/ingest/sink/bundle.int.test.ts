import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SinkBatch, SinkOptions } from "./sink.ts";
import {
  bundle,
  createTables,
  into,
  members,
  ROWS,
  replayOf,
  sinkOf,
  storedIn,
  type Told,
} from "./testing/bundle-tables.ts";
import { startEngine, type TestEngine } from "./testing/engine.ts";
import { bundleOf, fencedFormats, idsOf, longLease, nativeOf, windowSql } from "./testing/rows.ts";

let engine: TestEngine;
let told: Told;
beforeAll(async () => {
  engine = await startEngine();
  await engine.run("CREATE DATABASE d");
});
afterAll(() => engine.close());
beforeEach(() => {
  told = { splits: [], found: [], forgotten: [] };
});

const sink = (more?: Partial<SinkOptions>) => sinkOf(engine, told, more);
const stored = () => storedIn(engine);
const all = { rows: ROWS, ids: ROWS, viewed: ROWS };

describe("a bundle", () => {
  it("is stored once, by rows and as a block, under one token", async () => {
    await createTables(engine);
    for (const [, encode] of [...fencedFormats, ...fencedFormats]) {
      const outcome = await sink().store(replayOf(encode(bundle())), longLease);
      expect(outcome).toMatchObject({ refusals: [], refusedWhole: undefined });
      expect(await stored()).toEqual(all);
    }
    expect(
      await engine.row(
        "SELECT groupArray((topic, p, n)) AS places FROM (SELECT toString(topic) AS topic, " +
          "kafka_partition AS p, toUInt32(count()) AS n FROM d.fact GROUP BY ALL ORDER BY ALL)",
      ),
    ).toEqual({
      places: [
        ["a", 1, 40],
        ["a", 12, 40],
        ["b", 1, 40],
      ],
    });
  });

  it("yields the rows that are refused, alone, by member and offset; a replay is cut alike", async () => {
    const bad = [idsOf(0) + 139, idsOf(2) + 107].join(", ");
    await createTables(engine, windowSql, `, CONSTRAINT good CHECK id NOT IN (${bad})`);
    for (let repeat = 0; repeat < 2; repeat += 1) {
      const { refusals } = await sink().store({ ...bundle(), isReplay: repeat > 0 }, longLease);
      expect(refusals).toMatchObject([
        { member: 0, offset: 139, errorType: "clickhouse_violated_constraint" },
        { member: 2, offset: 107, errorType: "clickhouse_violated_constraint" },
      ]);
      expect(await stored()).toEqual({ rows: ROWS - 2, ids: ROWS - 2, viewed: ROWS - 2 });
    }
  });

  it("that is refused whole in Native goes on by rows", async () => {
    await createTables(engine, windowSql, `, CONSTRAINT good CHECK id != ${idsOf(1) + 120}`);
    const whole = await sink().store(nativeOf(bundle()), longLease);
    expect(whole).toMatchObject({ refusals: [] });
    expect(String(whole.refusedWhole)).toContain("good");
    expect(await stored()).toMatchObject({ rows: 0 });
    for (let repeat = 0; repeat < 2; repeat += 1) {
      const { refusals } = await sink().store(bundle(), longLease);
      expect(refusals).toMatchObject([{ member: 1, offset: 120 }]);
      expect(await stored()).toEqual({ rows: ROWS - 1, ids: ROWS - 1, viewed: ROWS - 1 });
    }
  });

  it.each(fencedFormats)("goes in pieces when it touches too many table partitions: %s", async (_name, encode) => {
    await createTables(engine);
    const wide = () => replayOf(encode(bundleOf(members, { ...into, days: 12 })));
    for (let repeat = 0; repeat < 2; repeat += 1) {
      await sink({ partitionsMax: 10 }).store(wide(), longLease);
      expect(told.splits).toEqual(Array(repeat + 1).fill("bundle:bundle-of-a-test"));
      expect(await stored()).toEqual(all);
    }
  });

  it("names its first range where nothing helps", async () => {
    const batch = { ...bundle(), table: "d.gone" };
    await expect(sink().store(batch, longLease)).rejects.toThrow(
      "Cannot insert bundle:bundle-of-a-test (a:1, offsets 100 to 139, and 2 more ranges) into d.gone",
    );
  });

  it("is refused by the sink when it contradicts itself", async () => {
    const { members: ranges, ...rest } = bundle();
    const store = (batch: Partial<SinkBatch>) => sink().store({ ...rest, members: ranges, ...batch }, longLease);
    await expect(store({ members: ranges.slice(1) })).rejects.toThrow("120 rows, its members 80");
    await expect(store({ members: ranges.toReversed() })).rejects.toThrow("a:12 after b:1");
    await expect(store({ members: ranges.map(() => ranges[0]!) })).rejects.toThrow("a:1 after a:1");
    await expect(store({ bundleId: undefined })).rejects.toThrow("no bundle id");
  });
});
