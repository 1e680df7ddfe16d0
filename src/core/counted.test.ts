import { expect, it } from "vitest";
import { counted } from "./counted.ts";

it("a number has its noun in the singular for one alone", () => {
  expect([0, 1, 2].map((count) => counted(count, "range"))).toEqual(["0 ranges", "1 range", "2 ranges"]);
});
