import { ClickHouseError } from "@clickhouse/client";
import { expect, it } from "vitest";
import { codeOf, isServerError } from "./server-error.ts";

it("knows ClickHouse's errors by name", () => {
  const error = new ClickHouseError({ code: "159", type: "TIMEOUT_EXCEEDED", message: "Timeout exceeded" });
  expect(codeOf("TIMEOUT_EXCEEDED")).toBe("159");
  expect(isServerError(error, "TIMEOUT_EXCEEDED")).toBe(true);
  expect(isServerError(error, "TOO_SLOW", "TIMEOUT_EXCEEDED")).toBe(true);
  expect(isServerError(error, "TOO_SLOW")).toBe(false);
  expect(isServerError(Object.assign(new Error("no"), { code: "159" }), "TIMEOUT_EXCEEDED")).toBe(false);
});
