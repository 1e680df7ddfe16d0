import { expect, it } from "vitest";
import { placeOf } from "./place.js";

it.each([
  ["", "overview", ""],
  ["#sql", "sql", ""],
  ["#nowhere/x", "overview", "x"],
  ["#tables/analytics.fact_event", "tables", "analytics.fact_event"],
  ["#dead-letters/a%2Fb/c", "dead-letters", "a/b/c"],
  ["#tables/100%", "tables", "100%"],
])("%j is %s, %j", (hash, view, chosen) => {
  expect(placeOf(hash)).toEqual({ view, chosen });
});
