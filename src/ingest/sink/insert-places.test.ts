import { expect, it } from "vitest";
import { InsertPace } from "./insert-pace.ts";
import { InsertPlaces } from "./insert-places.ts";

const bounds = { firstMs: 60_000, maxMs: 60_000 };

it("a table that is slowed down, or whose inserts hang, leaves a place to the others, in the order of asking", async () => {
  const { signal } = new AbortController();
  const places = new InsertPlaces(3);
  const [stuck, one, other] = [0, 1, 2].map(() => new InsertPace(2, bounds, signal, places)) as [
    InsertPace,
    InsertPace,
    InsertPace,
  ];
  const order: string[] = [];
  const enter = (pace: InsertPace, name: string) => pace.enter(false).then(() => order.push(name));
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  for (let count = 0; count < 5; count += 1) void enter(stuck, "stuck");
  await turn();
  expect(order).toEqual(["stuck", "stuck"]);
  for (let count = 0; count < 2; count += 1) void enter(one, "one");
  for (let count = 0; count < 2; count += 1) void enter(other, "other");
  await turn();
  expect(order.slice(2)).toEqual(["one"]);
  for (const pace of [one, one, other]) {
    pace.leave();
    await turn();
  }
  expect(order.slice(2)).toEqual(["one", "one", "other", "other"]);
  stuck.slowDown();
  stuck.leave();
  stuck.leave();
  other.leave();
  for (let count = 0; count < 2; count += 1) void enter(one, "one");
  await turn();
  // The pause is the stuck table's alone.
  expect(order.slice(6)).toEqual(["one", "one"]);
});
