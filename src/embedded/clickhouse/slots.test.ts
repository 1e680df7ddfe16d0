import { describe, expect, it } from "vitest";
import { createSlots } from "./slots.ts";

describe("createSlots()", () => {
  it("grants in order of arrival and refuses what exceeds the bound", async () => {
    const slots = createSlots(1, 2);
    const first = await slots.acquire();
    const order: string[] = [];
    const second = slots.acquire().then((release) => {
      order.push("second");
      release();
    });
    const third = slots.acquire().then((release) => {
      order.push("third");
      release();
    });
    await expect(slots.acquire()).rejects.toMatchObject({ databaseCode: 202 });
    first();
    await Promise.all([second, third]);
    expect(order).toEqual(["second", "third"]);
    expect(await slots.whenIdle(0)).toBe(true);
  });

  it("drops a waiter whose client left, without losing the slot", async () => {
    const slots = createSlots(1, 2);
    const release = await slots.acquire();
    const client = new AbortController();
    const waiting = slots.acquire(client.signal);
    client.abort();
    await expect(waiting).rejects.toMatchObject({ databaseCode: 236 });
    release();
    release();
    const again = await slots.acquire();
    expect(await slots.whenIdle(1)).toBe(false);
    again();
  });
});
