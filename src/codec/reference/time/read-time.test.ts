import { describe, expect, it } from "vitest";
import { type TimeFormat, timeFormatNames, timeFormats } from "../../../schema/time-formats.ts";
import { instantTicks } from "./instant.ts";
import { compileReadTime } from "./read-time.ts";
import { compileTimeZone } from "./time-zone.ts";

/** Nanoseconds since 1970, or undefined when the text is refused. */
function read(format: TimeFormat, text: string, timeZone?: string): bigint | undefined {
  const instant = compileReadTime(format, compileTimeZone(timeZone))(text);
  return instant === undefined ? undefined : instantTicks(instant, 9);
}

it.each(timeFormatNames)("the example of %s is read", (format) => {
  const seconds = read(format, timeFormats[format].example)! / 1_000_000_000n;
  expect([1_712_304_672n, 1_712_311_872n]).toContain(seconds); // with and without two hours of offset
});

describe("RFC 3339", () => {
  it.each([
    ["1985-04-12T23:20:50.52Z", 482_196_050_520_000_000n],
    ["1996-12-19T16:39:57-08:00", 851_042_397_000_000_000n],
    ["1990-12-31T23:59:60Z", 662_688_000_000_000_000n],
    ["1990-12-31T15:59:60-08:00", 662_688_000_000_000_000n],
    ["1937-01-01T12:00:27.87+00:20", -1_041_337_172_130_000_000n],
    ["2024-02-29t00:00:00.123456789z", 1_709_164_800_123_456_789n],
    ["1969-12-31 23:59:59.999999999Z", -1n],
  ])("reads %s", (text, nanos) => {
    expect(read("rfc3339", text)).toBe(nanos);
  });

  it.each([
    "2024-01-02T03:04:05", // no offset
    "2023-02-29T00:00:00Z",
    "2024-01-02T24:00:00Z",
    "2024-01-02T03:04:05.Z",
    "2024-01-02T03:04:05.1234567891Z",
    "2024-01-02T03:04:05+24:00",
    "2024-1-2T03:04:05Z",
    "2024-01-02",
    "",
  ])("refuses %s", (text) => {
    expect(read("rfc3339", text)).toBeUndefined();
  });
});

describe("the common log format", () => {
  it.each([
    ["10/Oct/2000:13:55:36 -0700", 971_211_336n],
    ["[10/Oct/2000:13:55:36 +0000]", 971_186_136n],
    ["29/feb/2024:00:00:00 +0545", 1_709_144_100n],
  ])("reads %s", (text, seconds) => {
    expect(read("clf", text)).toBe(seconds * 1_000_000_000n);
  });

  it.each(["10/Okt/2000:13:55:36 -0700", "31/Feb/2024:00:00:00 +0000", "10/Oct/2000:13:55:36", "2000-10-10 13:55:36"])(
    "refuses %s",
    (text) => {
      expect(read("clf", text)).toBeUndefined();
    },
  );
});

describe("months by name", () => {
  const april = 1_712_304_672n; // 2024-04-05T08:11:12Z
  it.each<[TimeFormat, string, bigint]>([
    ["rfc2822", "Fri, 05 Apr 2024 10:11:12 +0200", april],
    ["rfc2822", "5 apr 2024 08:11:12 GMT", april],
    ["rfc2822", "Fri, 05 Apr 2024 04:11:12 EDT (Eastern Daylight Time)", april],
    ["rfc2822", "Fri, 05 Apr 2024 08:11 UT", april - 12n],
    ["ctime", "Fri Apr  5 08:11:12 2024\n", april],
    ["ctime", "Fri Apr 05 10:11:12 +0200 2024", april],
    ["ctime", "Fri Apr  5 08:11:12 UTC 2024", april],
    ["month_name", "Apr  5 2024 08:11:12", april],
    ["month_name", "April 5, 2024 10:11:12 +02:00", april],
    ["month_name", "Friday, 5 Apr. 2024, 08:11:12Z", april],
    ["month_name", "05/Apr/2024:08:11:12", april],
    ["month_name", "05-APR-2024 8:11:12", april],
    ["month_name", "5 May 2024", 1_714_867_200n],
    ["month_name", "Sept 1, 2024 00:00", 1_725_148_800n],
  ])("%s reads %j", (format, text, seconds) => {
    expect(read(format, text)).toBe(seconds * 1_000_000_000n);
  });

  it("keeps the fraction, and reads what has no offset in the column's zone", () => {
    expect(read("month_name", "Apr 5 2024 10:11:12.123456789", "Europe/Berlin")).toBe(
      april * 1_000_000_000n + 123_456_789n,
    );
    expect(read("ctime", "Fri Apr  5 10:11:12 2024", "Europe/Berlin")).toBe(april * 1_000_000_000n);
  });

  it.each<[TimeFormat, string]>([
    ["rfc2822", "Fri, 05 Apr 2024 10:11:12"], // no zone
    ["rfc2822", "Fri, 31 Apr 2024 10:11:12 GMT"],
    ["rfc2822", "Fri, 05 Apr 24 10:11:12 GMT"],
    ["rfc2822", "Fri, 05 Apr 2024 10:11:12 CEST"],
    ["rfc2822", "Fri, 05 Apr 2024 10:11:12 +2400"],
    ["ctime", "Fri Apr  5 10:11:12 CEST 2024"],
    ["ctime", "Apr  5 10:11:12 2024"],
    ["month_name", "Apr  5 10:11:12"], // syslog: no year
    ["month_name", "Okt 5 2024"],
    ["month_name", "04/05/2024 10:11:12"],
    ["month_name", "5-Apr/2024"],
    ["month_name", "Apr 5 2024 24:00:00"],
  ])("%s refuses %j", (format, text) => {
    expect(read(format, text)).toBeUndefined();
  });

  it("cost no more for a long text", () => {
    const startedMs = performance.now();
    for (const format of ["rfc2822", "ctime", "month_name"] as const) {
      for (const piece of [" ", "Fri, ", "5 ", "(", ","]) read(format, `Fri, 5 Apr 2024${piece.repeat(200_000)}x`);
    }
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });
});

describe("epochs", () => {
  it.each<[TimeFormat, string, bigint]>([
    ["epoch_s", "1700000000.123456789", 1_700_000_000_123_456_789n],
    ["epoch_s", "1.7e9", 1_700_000_000_000_000_000n],
    ["epoch_ms", "1700000000123", 1_700_000_000_123_000_000n],
    ["epoch_ms", "0.0000001", 0n],
    ["epoch_us", "1700000000123456", 1_700_000_000_123_456_000n],
    ["epoch_ns", "1700000000123456789", 1_700_000_000_123_456_789n],
    ["epoch_ns", "-1", -1n],
    ["epoch_s", "-0.0000000001", -1n], // rounded down, as every time is
  ])("%s reads %s exactly", (format, text, nanos) => {
    expect(read(format, text)).toBe(nanos);
  });

  it.each(["", "abc", "0x10", "1,5", "Infinity", "1e99999"])("refuses %j", (text) => {
    expect(read("epoch_s", text)).toBeUndefined();
  });
});

describe("ClickHouse's own form", () => {
  it("is read in the column's time zone", () => {
    expect(read("clickhouse", "2024-07-01 09:00:00.5", "Asia/Seoul")).toBe(1_719_792_000_500_000_000n);
    expect(read("clickhouse", "2024-07-01", "America/New_York")).toBe(1_719_806_400_000_000_000n);
    expect(read("clickhouse", "2024-07-01T00:00:00", "UTC")).toBeUndefined();
  });
});

describe("time zones", () => {
  // Europe/Berlin, 2024: 02:00 → 03:00 on 31 March, 03:00 → 02:00 on 27 October.
  const local = compileTimeZone("Europe/Berlin");
  const wall = (text: string) => Date.parse(`${text}Z`) / 1_000;
  it.each([
    ["2024-03-31T01:59:59", "2024-03-31T00:59:59"],
    ["2024-03-31T02:30:00", "2024-03-31T00:30:00"], // never shown: the offset after the gap
    ["2024-03-31T03:00:00", "2024-03-31T01:00:00"],
    ["2024-10-27T01:59:59", "2024-10-26T23:59:59"],
    ["2024-10-27T02:30:00", "2024-10-27T00:30:00"], // shown twice: the first
    ["2024-10-27T03:00:00", "2024-10-27T02:00:00"],
  ])("reads %s as %s UTC", (shown, utc) => {
    expect(local(wall(shown))).toBe(wall(utc));
  });

  it("refuses a zone that does not exist when the column is compiled, not per row", () => {
    expect(() => compileTimeZone("Mars/Olympus")).toThrow(RangeError);
  });
});
