import { describe, expect, it } from "vitest";
import type { Rule } from "../../schema/plan.ts";
import { FieldError } from "./column.ts";
import type { Document } from "./path.ts";
import { compileRule, fieldsOfRule } from "./rules.ts";

/** Applies one rule; returns the document and which fields were replaced from where. */
function apply(rule: Rule, document: Document): { document: Document; origins: [string, string | undefined][] } {
  const origins: [string, string | undefined][] = [];
  compileRule(rule)(document, {
    recordId: () => "logs.auth-3-42",
    replaced: (field, from) => origins.push([field, from?.join("/")]),
  });
  return { document, origins };
}

const blanks = [{}, { field: null }, { field: "" }];

describe("rules", () => {
  it.each(blanks)("require rejects a blank field with its own error type: %j", (document) => {
    const rule: Rule = { rule: "require", field: "field", errorType: "service_missing" };
    try {
      apply(rule, { ...document });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(FieldError);
      expect(error).toMatchObject({ errorType: "service_missing", detail: "field field is missing or empty" });
    }
  });

  it("require takes 0, false and nested fields as present", () => {
    for (const document of [{ field: 0 }, { field: false }, { field: "x" }]) {
      apply({ rule: "require", field: "field", errorType: "e" }, document);
    }
    apply({ rule: "require", field: "a.b", errorType: "e" }, { a: { b: 1 } });
    apply({ rule: "require", field: "a.b", errorType: "e" }, { "a.b": 1 });
  });

  it("event time: ts_ms, else timestamp_ms, remembering whose text it is (S0-40)", () => {
    const rule: Rule = { rule: "default", field: "ts_ms", from: ["timestamp_ms"] };
    expect(apply(rule, { ts_ms: 1, timestamp_ms: 2 })).toEqual({
      document: { ts_ms: 1, timestamp_ms: 2 },
      origins: [],
    });
    expect(apply(rule, { timestamp_ms: 2 })).toEqual({
      document: { ts_ms: 2, timestamp_ms: 2 },
      origins: [["ts_ms", "timestamp_ms"]],
    });
    expect(apply(rule, { ts_ms: null }).document).toEqual({ ts_ms: null });
  });

  it.each(blanks)("a default fills a blank field, and no other: %j", (document) => {
    const rule: Rule = { rule: "default", field: "field", value: "unknown" };
    expect(apply(rule, { ...document }).document).toEqual({ field: "unknown" });
    expect(apply(rule, { field: 0 }).document).toEqual({ field: 0 });
  });

  it("from comes before value, and blank sources are passed over", () => {
    const rule: Rule = { rule: "default", field: "route", from: ["path", "url"], value: "none" };
    expect(apply(rule, { path: "", url: "/u" }).document.route).toBe("/u");
    expect(apply(rule, { path: null }).document.route).toBe("none");
  });

  it("domain is http only when method or path is present (S0-40)", () => {
    const rule: Rule = { rule: "default", field: "domain", value: "http", whenAnyOf: ["method", "path"] };
    expect(apply(rule, { path: "/v2" }).document.domain).toBe("http");
    expect(apply(rule, { method: "GET" }).document.domain).toBe("http");
    expect(apply(rule, { method: "", path: null }).document.domain).toBeUndefined();
    expect(apply(rule, { domain: "auth", path: "/v2" }).document.domain).toBe("auth");
  });

  it.each([
    [400, "fail"],
    [500, "fail"],
    [399, "success"],
    [200, "success"],
    [404n, "fail"],
    ["500", "fail"],
    ["404", "fail"],
    [" 404\t", "fail"],
    ["4.04e2", "fail"],
    ["204", "success"],
    ["-1", "success"],
    ["", undefined],
    [" ", undefined],
    ["404 Not Found", undefined],
    ["0x1F4", undefined],
    ["Infinity", undefined],
    [true, undefined],
    [["404"], undefined],
    [null, undefined],
    [undefined, undefined],
    [Number.NaN, undefined],
  ])("result from status %s is %s (S0-40)", (status, result) => {
    const rule: Rule = { rule: "resultFromStatus", field: "result", status: "status_code" };
    expect(apply(rule, { status_code: status }).document.result).toBe(result);
    expect(apply(rule, { status_code: status, result: "mine" }).document.result).toBe("mine");
  });

  it.each([
    ["fail", 500],
    ["success", 200],
    ["other", 0],
    [undefined, 0],
  ])("status from result %s is %s, and is flagged as synthetic (S0-40)", (result, status) => {
    const rule: Rule = { rule: "statusFromResult", field: "status_code", result: "result", flag: "synthetic" };
    expect(apply(rule, { result }).document).toEqual({ result, status_code: status, synthetic: true });
    expect(apply(rule, { result, status_code: 404 }).document).toEqual({ result, status_code: 404, synthetic: false });
  });

  it.each(blanks)("an event without an id gets topic-partition-offset (S0-40): %j", (document) => {
    expect(apply({ rule: "recordId", field: "field" }, { ...document }).document).toEqual({ field: "logs.auth-3-42" });
    expect(apply({ rule: "recordId", field: "field" }, { field: "evt_1" }).document).toEqual({ field: "evt_1" });
  });

  it("names every field it reads or sets", () => {
    expect(fieldsOfRule({ rule: "default", field: "a", from: ["b"], whenAnyOf: ["c"] })).toEqual(["a", "b", "c"]);
    expect(fieldsOfRule({ rule: "default", field: "a" })).toEqual(["a"]);
    expect(fieldsOfRule({ rule: "resultFromStatus", field: "a", status: "b" })).toEqual(["a", "b"]);
    expect(fieldsOfRule({ rule: "statusFromResult", field: "a", result: "b", flag: "c" })).toEqual(["a", "b", "c"]);
    expect(fieldsOfRule({ rule: "recordId", field: "a" })).toEqual(["a"]);
  });
});
