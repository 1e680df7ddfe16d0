import { expect, it } from "vitest";
import { QueryGate } from "./query-gate.ts";

function waiting() {
  const { promise, resolve } = Promise.withResolvers<string>();
  let hasBegun = false;
  const query = () => {
    hasBegun = true;
    return promise;
  };
  return { query, end: () => resolve("rows"), hasBegun: () => hasBegun };
}

it("lets one query go at a time, in the order of asking, also after one that fails", async () => {
  const gate = new QueryGate();
  const [first, second] = [waiting(), waiting()];
  const answers = [gate.run(first.query), gate.run(() => Promise.reject(new Error("refused"))), gate.run(second.query)];
  const failed = expect(answers[1]).rejects.toThrow("refused");
  await Promise.resolve();
  expect([first.hasBegun(), second.hasBegun()]).toEqual([true, false]);
  first.end();
  await failed;
  second.end();
  expect(await answers[2]).toBe("rows");
});

it("lets a few wait, and sends the others away", async () => {
  const gate = new QueryGate();
  const first = waiting();
  const taken = Array.from({ length: 5 }, () => gate.run(first.query));
  expect(await gate.run(first.query)).toBeUndefined();
  first.end();
  expect(await Promise.all(taken)).toEqual(Array(5).fill("rows"));
  expect(await gate.run(first.query)).toBe("rows");
});
