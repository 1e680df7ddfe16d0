import { afterAll, beforeAll, expect, it } from "vitest";
import { makePlan } from "../../codec/testing/plan.ts";
import { migrate } from "../../operate/migrations/migrate.ts";
import { startEngine, type TestEngine } from "../sink/testing/engine.ts";
import { noteWriters, otherClusters } from "./writers.ts";

let engine: TestEngine;

beforeAll(async () => {
  engine = await startEngine();
  await migrate(engine.client);
});
afterAll(() => engine.close());

const planOf = (cluster: string) => makePlan({ table: "net.dns", topics: ["dns"], origin: { cluster, group: "g" } });

it("names the clusters that share a table, once two of them have written there", async () => {
  const others = (cluster: string) => otherClusters(engine.client, planOf(cluster));
  expect(await others("home")).toEqual([]);
  await noteWriters(engine.client, [planOf("home")]);
  await noteWriters(engine.client, [planOf("home")]);
  expect([await others("home"), await others("away")]).toEqual([[], ["home"]]);
  // Of dead letters from before clusters were noted.
  expect(await others("")).toEqual([]);
  await noteWriters(engine.client, [planOf("away")]);
  expect([await others("home"), await others("")]).toEqual([["away"], ["away", "home"]]);
  const elsewhere = makePlan({ table: "net.dns", topics: ["other"], origin: { cluster: "home", group: "g" } });
  expect(await otherClusters(engine.client, elsewhere)).toEqual([]);
});
