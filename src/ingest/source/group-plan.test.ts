import { describe, expect, it } from "vitest";
import { decodeGroupPlan, encodeGroupPlan } from "./group-plan.ts";

describe("the group's plan", () => {
  it("comes back as it was", () => {
    const plan = { partitionCounts: { t: 3 }, begun: ["t"] };
    expect(decodeGroupPlan(encodeGroupPlan(plan))).toEqual(plan);
    const unasked = { partitionCounts: { t: 3 }, begun: undefined };
    expect(decodeGroupPlan(encodeGroupPlan(unasked))).toEqual(unasked);
  });

  it("is unknown where another program led the group", () => {
    for (const userData of [undefined, null, "", "{", "null", "[]", "{}", '{"partitionCounts":1}']) {
      expect(decodeGroupPlan(typeof userData === "string" ? Buffer.from(userData) : userData)).toBeUndefined();
    }
  });
});
