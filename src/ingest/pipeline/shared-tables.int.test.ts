import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makePlan } from "../../codec/testing/plan.ts";
import { migrate } from "../../operate/migrations/migrate.ts";
import { startEngine, type TestEngine } from "../sink/testing/engine.ts";
import { SharedTables } from "./shared-tables.ts";
import { noteWriters } from "./writers.ts";

let engine: TestEngine;

beforeAll(async () => {
  engine = await startEngine();
  await migrate(engine.client);
}, 60_000);
afterAll(() => engine.close());

describe("a table into which another cluster begins to write while this one's run goes on", () => {
  const home = makePlan({ table: "p.blind", origin: { cluster: "home", group: "g" } });
  const away = makePlan({ table: "p.blind", origin: { cluster: "away", group: "g" } });

  it("is known to be shared within a minute, and at once in a new assignment", async () => {
    let nowMs = 0;
    const clock = { nowMs: () => nowMs, after: () => () => {} };
    const [first, second] = [1, 2].map(() => new SharedTables(engine.client, [home], pino({ level: "silent" }), clock));
    await noteWriters(engine.client, [home]);
    expect([await first!.has("p.blind"), await second!.has("p.blind")]).toEqual([false, false]);
    await noteWriters(engine.client, [away]);
    second!.doubt();
    expect(await second!.has("p.blind")).toBe(true);
    nowMs += 60_001;
    expect(await first!.has("p.blind")).toBe(true);
  });
});
