import { type ClickHouseClient, ClickHouseError } from "@clickhouse/client";
import { describe, expect, it } from "vitest";
import { makePlan } from "../../codec/testing/plan.ts";
import { hasRowsOfTopics } from "./rows-of-topic.ts";

/** A server that answers each query with the next of these: rows, or the code of an error; "" is no answer at all. */
function serverOf(...answers: (object[] | string)[]): ClickHouseClient {
  const query = async () => {
    const answer = answers.shift()!;
    if (answer === "") throw new Error("connect ECONNREFUSED");
    // The client takes the error's name out of its text.
    if (typeof answer === "string") throw new ClickHouseError({ code: answer, message: "no" });
    return { json: async () => answer };
  };
  return { query } as unknown as ClickHouseClient;
}

const ask = (...answers: (object[] | string)[]) =>
  hasRowsOfTopics(serverOf(...answers), makePlan({ table: "p.t" }), new AbortController().signal);

describe("whether a table has rows of a topic", () => {
  it("is not known while the server is away: the question waits, and is not answered by no", async () => {
    expect(await ask("", "202", [{ 1: 1 }])).toBe(true);
    expect(await ask("", [])).toBe(false);
  });

  it("is so where it cannot be found in time, and not so where nobody may look", async () => {
    expect([await ask("159"), await ask("497")]).toEqual([true, false]);
  });

  it("is not asked for any more when the run has ended", async () => {
    const ended = AbortSignal.abort(new Error("ended"));
    await expect(hasRowsOfTopics(serverOf(), makePlan({ table: "p.t" }), ended)).rejects.toThrow("ended");
  });
});
