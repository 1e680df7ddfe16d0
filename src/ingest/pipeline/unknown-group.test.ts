import { type ClickHouseClient, ClickHouseError } from "@clickhouse/client";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { column, makePlan } from "../../codec/testing/plan.ts";
import { parseColumnType } from "../../schema/column-type.ts";
import { UnknownGroup } from "./unknown-group.ts";

/** What the embedded engine cannot say: it has no access control, and no table takes it ten seconds. */

const coordinates = { topic: "kafka_topic", partition: "kafka_partition", offset: "kafka_offset", limits: [] };
const told = makePlan({ coordinates, columns: [column("kafka_cluster", parseColumnType("String"))] });

/** A server that answers each query with the next of these. */
function serverOf(...answers: (object[] | string)[]): ClickHouseClient {
  const query = async () => {
    const answer = answers.shift()!;
    if (typeof answer === "string") throw new ClickHouseError({ code: answer, message: "no" });
    return { json: async () => answer };
  };
  return { query } as unknown as ClickHouseClient;
}

const groupOf = (client: ClickHouseClient) => new UnknownGroup(client, pino({ level: "silent" }));
const check = (client: ClickHouseClient) => groupOf(client).check(told, { topic: "t", partition: 0 }, 0);

describe("UnknownGroup", () => {
  it("lets a user begin who may not look, as with a table that cannot be asked", async () => {
    await expect(check(serverOf("497"))).resolves.toBeUndefined();
  });

  it("stops at a table of which the rows cannot be counted in time, unless there is none", async () => {
    const some = [{ 1: 1 }];
    await expect(check(serverOf("159", some, some))).rejects.toThrow(/more than could be counted.*--to OFFSET/);
    await expect(check(serverOf("159", []))).resolves.toBeUndefined();
    await expect(check(serverOf("159", some, "159"))).rejects.toThrow(/did not say within 10 s.*--to OFFSET/);
  });

  it("lets a partition begin that was added to a topic with more rows than can be counted, and asks once", async () => {
    const group = groupOf(serverOf("159", [{ 1: 1 }], []));
    await group.check(told, { topic: "t", partition: 7 }, 0);
    await group.check(told, { topic: "t", partition: 7 }, 0);
  });

  it("leaves other errors to whoever tries again", async () => {
    await expect(check(serverOf("202"))).rejects.toThrow("no");
  });
});
