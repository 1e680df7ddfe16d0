import { describe, expect, it } from "vitest";
import { nearestName } from "./nearest-name.ts";

describe("nearestName()", () => {
  it.each([
    ["user_id", ["id", "userId", "name"], "userId"],
    ["status", ["statsu", "state", "size"], "statsu"],
    ["duration_ms", ["duration-ms"], "duration-ms"],
    ["id.orig_h", ["id_orig_h", "id_resp_h"], "id_orig_h"],
    ["user", ["data.user", "data.item"], "data.user"],
    ["user", ["usr", "data.user"], "data.user"],
    ["method", ["message", "time"], undefined],
    ["a", ["bcd"], undefined],
    ["a", [], undefined],
    ["ts", ["t"], "t"],
  ])("of %s among %j is %s", (name, candidates, nearest) => {
    expect(nearestName(name, candidates)).toBe(nearest);
  });
});
