import { describe, expect, it } from "vitest";
import { PlanRoom } from "./plan-room.ts";

describe("the room of plans", () => {
  const stalled = new Set<string>();
  const isStalled = (key: string) => stalled.has(key);
  const options = { flightsMax: 3, stalledBytesMax: 1_000, isStalled };

  it("is shared by those whose tables take rows; who is stalled has one of its own", () => {
    stalled.clear();
    const room = new PlanRoom(options);
    room.begin("good", 10);
    const ends = [1, 2, 3].map(() => room.begin("bad", 10));
    expect([room.hasRoom("bad"), room.hasRoom("good")]).toEqual([false, false]);
    stalled.add("bad");
    expect([room.hasRoom("bad"), room.hasRoom("good")]).toEqual([false, true]);
    for (let count = 0; count < 2; count += 1) room.begin("good", 10);
    expect(room.hasRoom("good")).toBe(false);
    ends[0]!.end();
    expect([room.hasRoom("bad"), room.hasRoom("good")]).toEqual([true, false]);
  });

  it("has a place for a plan that has nothing under way, however long the backlog of another is", () => {
    stalled.clear();
    const room = new PlanRoom(options);
    for (let count = 0; count < 100; count += 1) room.begin("backlog", 10);
    expect([room.hasRoom("backlog"), room.hasRoom("quiet")]).toEqual([false, true]);
    room.begin("quiet", 10);
    expect(room.hasRoom("quiet")).toBe(false);
  });

  it("counts a plan whose bundles wait until commits may name them as one whose table takes nothing", () => {
    stalled.clear();
    const room = new PlanRoom(options);
    const [first] = [1, 2, 3].map(() => room.begin("waits", 10));
    expect([room.isCrowded("waits"), room.hasRoom("good")]).toEqual([false, true]);
    room.begin("good", 10);
    expect(room.hasRoom("good")).toBe(false);
    first!.waits(true);
    expect([room.isCrowded("waits"), room.isCrowded("good"), room.hasRoom("good")]).toEqual([true, false, true]);
    first!.waits(false);
    expect([room.isCrowded("waits"), room.hasRoom("good")]).toEqual([false, false]);
  });

  it("is crowded by ranges or bytes that wait for a table, never by those that are stored", () => {
    stalled.clear();
    const room = new PlanRoom(options);
    for (let count = 0; count < 9; count += 1) room.begin("good", 1_000);
    room.begin("bad", 999);
    expect([room.isCrowded("good"), room.isCrowded("bad")]).toEqual([false, false]);
    stalled.add("bad");
    expect(room.isCrowded("bad")).toBe(false);
    room.begin("bad", 1);
    expect([room.isCrowded("good"), room.isCrowded("bad")]).toEqual([false, true]);
  });
});
