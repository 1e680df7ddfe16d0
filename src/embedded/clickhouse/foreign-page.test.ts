import { expect, it } from "vitest";
import { refusalOfPage } from "./foreign-page.ts";

it.each([
  {},
  { host: "127.0.0.1:8123" },
  { host: "localhost:8123" },
  { host: "[::1]:8123" },
  // The address as a person types it into a browser.
  { host: "127.0.0.1:8123", "sec-fetch-site": "none" },
])("answers a program: %j", (headers) => {
  expect(refusalOfPage(headers, false)).toBeUndefined();
});

it.each([
  [{ host: "127.0.0.1:8123", origin: "http://attacker.example" }, "no page"],
  [{ host: "127.0.0.1:8123", origin: "null" }, "no page"],
  [{ host: "127.0.0.1:8123", "sec-fetch-site": "cross-site" }, "no page"],
  [{ host: "127.0.0.1:8123", "sec-fetch-site": "same-site" }, "no page"],
  [{ host: "attacker.example:8123" }, "no other name"],
  [{ host: "127.0.0.1.attacker.example" }, "no other name"],
])("refuses %j", (headers, why) => {
  expect(refusalOfPage(headers, false)).toContain(why);
});

it("takes any name where it asks for credentials, and still no page", () => {
  expect(refusalOfPage({ host: "clickhouse" }, true)).toBeUndefined();
  expect(refusalOfPage({ host: "clickhouse", origin: "http://attacker.example" }, true)).toContain("no page");
});
