import { expect, it } from "vitest";
import { Openings } from "./openings.ts";

function recorded() {
  const late: unknown[] = [];
  const openings = new Openings((error) => late.push(error));
  const closed: string[] = [];
  const closer = (what: string) => async () => void closed.push(what);
  return { openings, closed, closer, late };
}

it("closes in its own order, each thing once, and those after one that fails", async () => {
  const { openings, closed, closer } = recorded();
  await openings.add("client", closer("client"));
  await openings.add("admin", () => Promise.reject(new Error("the broker is gone")));
  await openings.add("pipeline", closer("pipeline"));
  await openings.add("simulator", closer("simulator"));
  await expect(openings.close()).rejects.toThrow("the broker is gone");
  expect(closed).toEqual(["simulator", "pipeline", "client"]);
  await openings.close();
  expect(closed).toHaveLength(3);
  expect(openings.abandoned.aborted).toBe(false);
});

it("closes what comes too late, and lets nothing else be opened by it", async () => {
  const { openings, closed, closer } = recorded();
  await openings.abandon(new Error("no such topic"));
  expect(openings.abandoned.reason).toEqual(new Error("no such topic"));
  await expect(openings.add("admin", closer("admin"))).rejects.toThrow("opened after the end of its run");
  expect(closed).toEqual(["admin"]);
});

it("closes again what a request opened that was not waited for, and tells what fails then", async () => {
  const { openings, closed, closer, late } = recorded();
  await openings.add("admin", closer("admin"));
  const gone = new Error("gone");
  await openings.add("client", () => (closed.includes("client") ? Promise.reject(gone) : closer("client")()));
  let answer = () => {};
  void openings.during(
    new Promise<void>((resolve) => {
      answer = resolve;
    }),
  );
  await openings.close();
  expect(closed).toEqual(["admin", "client"]);
  expect(late).toEqual([]);
  answer();
  await expect.poll(() => closed).toEqual(["admin", "client", "admin"]);
  await expect.poll(() => late).toEqual([gone]);
});
