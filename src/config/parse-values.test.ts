import { describe, expect, it } from "vitest";
import { readEnvironment } from "./environment.ts";
import { parseCount, parseDurationMs, parseTimeMs } from "./parse-values.ts";
import { profileFor } from "./profiles.ts";

describe("parseDurationMs()", () => {
  it.each([
    ["250ms", 250],
    ["20s", 20_000],
    ["1.5m", 90_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
  ])("reads %s", (text, expected) => expect(parseDurationMs("--duration", text)).toBe(expected));

  it.each(["20", "s", "-1s", "1 s", "1w", ""])("refuses %j and names the option", (text) => {
    expect(() => parseDurationMs("--duration", text)).toThrow(`--duration ${text}: must be a number with a unit`);
  });
});

describe("parseTimeMs()", () => {
  const nowMs = Date.UTC(2026, 0, 31, 12);
  it.each([
    ["2026-01-31T08:00:00Z", "2026-01-31T08:00:00Z"],
    ["2026-01-31T08:00:00+02:00", "2026-01-31T06:00:00Z"],
    ["2026-01-31 08:00", "2026-01-31T08:00:00Z"],
    ["2026-01-31T08:00:00.250Z", "2026-01-31T08:00:00.250Z"],
    ["2026-01-31", "2026-01-31T00:00:00Z"],
    ["90m", "2026-01-31T10:30:00Z"],
    ["1d", "2026-01-30T12:00:00Z"],
  ])("reads %s as %s", (text, expected) => {
    expect(new Date(parseTimeMs("--since", text, nowMs)).toISOString()).toBe(new Date(expected).toISOString());
  });

  it.each(["2026-13-01", "8 o'clock", "", "2026", "yesterday", "10", "2026-07-01T10", "2w"])("refuses %j", (text) => {
    expect(() => parseTimeMs("--since", text, nowMs)).toThrow(/--since .*duration/);
  });

  it.each(["99999999999d", "1969-12-31", "0001-01-01T00:00:00Z"])("refuses %j, of which no server knows", (text) => {
    expect(() => parseTimeMs("--since", text, nowMs)).toThrow(`--since ${text}: `);
  });
});

describe("parseCount()", () => {
  it("refuses what is out of bounds, naming option, value and bound", () => {
    expect(parseCount("--eps", "5000", { min: 1, max: 10_000 })).toBe(5000);
    for (const text of ["0", "10001", "5.5", "1e3", "", "x"]) {
      expect(() => parseCount("--eps", text, { min: 1, max: 10_000 })).toThrow(
        `--eps ${text}: must be a whole number from 1 to 10000`,
      );
    }
  });
});

describe("readEnvironment()", () => {
  it("splits brokers and keeps defaults", () => {
    const environment = readEnvironment({ KAFKA_BROKERS: "a:9092, 10.0.0.1:9093" });
    expect(environment.kafkaBrokers).toEqual(["a:9092", "10.0.0.1:9093"]);
    expect(environment.clickHouseUrl).toBeUndefined();
    expect(environment.dataDir).toBe(".millrace");
  });

  it.each([
    [{ KAFKA_BROKERS: "localhost" }, 'KAFKA_BROKERS: "localhost" is not host:port'],
    [{ CLICKHOUSE_URL: "localhost:8123" }, "must begin with http:// or https://"],
    [{ MILLRACE_LOG_LEVEL: "loud" }, "must be one of trace"],
    [{ MILLRACE_DIR: "" }, 'MILLRACE_DIR: "" must not be empty'],
  ])("refuses %j", (env, message) => expect(() => readEnvironment(env)).toThrow(message));
});

describe("profileFor()", () => {
  it("scales workers and inserts with the vCPU budget and refuses unknown names", () => {
    expect(profileFor("high", 4).workers).toBe(profileFor("high", 2).workers * 2);
    expect(profileFor("low", 1).workers).toBe(1);
    expect(() => profileFor("fast", 2)).toThrow("--profile fast: must be one of low, mid, high");
  });
});
