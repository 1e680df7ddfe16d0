import { beforeAll, describe, expect, it } from "vitest";
import { parseColumnType } from "../../schema/column-type.ts";
import { type TimeFormat, timeFormatNames } from "../../schema/time-formats.ts";
import { compileReadTimeMs } from "../reference/event-time.ts";
import * as layout from "./assembly/layout.ts";
import { Randomness } from "./testing/randomness.ts";
import { count, damageText, namedTime, timeText } from "./testing/time-texts.ts";
import { type ComparedColumn, ValueWriters } from "./testing/value-writers.ts";

const formats = timeFormatNames;
const named = ["rfc2822", "ctime", "month_name"] as const;
const scales = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const utcTypes = ["Date", "Date32", "DateTime", ...scales.map((scale) => `DateTime64(${scale})`)];
const localTypes = ["DateTime('Asia/Seoul')", "DateTime64(3, 'America/New_York')"];

const columns = new Map<string, ComparedColumn>();
function column(type: string, format: TimeFormat): ComparedColumn {
  return columns.get(`${type} ${format}`)!;
}

beforeAll(async () => {
  const writers = await ValueWriters.create("date-time.ts", "date.ts");
  for (const type of [...utcTypes, ...localTypes]) {
    for (const format of formats) columns.set(`${type} ${format}`, writers.column(type, format));
  }
  writers.open();
});

describe("times from text", () => {
  const random = new Randomness(1);
  it.each([...utcTypes, ...localTypes])("%s: generated and damaged text ends as in the reference", (type) => {
    let taken = 0;
    for (let run = 0; run < 6_000; run++) {
      const text = run % 5 === 4 ? namedTime(random) : timeText(random);
      const drawn =
        run % 5 === 4 ? named : run % 2 === 0 ? (["auto"] as const) : [formats[random.below(formats.length)]!];
      for (const format of drawn) {
        const { kernel, reference } = column(type, format).text(text);
        if (kernel === "declined") continue;
        if (kernel !== reference) expect(kernel, `${format} ${JSON.stringify(text)}`).toBe(reference);
        if (!kernel.startsWith("field")) taken++;
      }
    }
    expect(taken).toBeGreaterThan(100);
  });

  const ordinary: [TimeFormat, string][] = [
    ["auto", "2026-11-21T12:34:56.789Z"],
    ["auto", "2026-11-21 12:34:56"],
    ["auto", "2026-11-21T12:34:56+05:30"],
    ["auto", "2026-11-21T12:34:56.123456789-0800"],
    ["auto", "2026-11-21T12:34:56.12345678901234567890Z"],
    ["auto", "2026/11/21 1:2:3"],
    ["auto", "2026-11-21"],
    ["auto", "20261121T123456Z"],
    ["auto", "1700000000"],
    ["auto", "1700000000.123"],
    ["auto", "1700000000123"],
    ["auto", "1700000000123456"],
    ["auto", "1700000000123456789"],
    ["auto", ""],
    ["auto", "2016-12-31T23:59:60Z"],
    ["auto", "2023-02-29T00:00:00Z"],
    ["auto", "0000-02-29 00:00:00"],
    ["auto", "9999-12-31 23:59:60"],
    ["auto", "2262-04-11 23:47:16.854775807"],
    ["auto", "2262-04-11 23:47:16.854775808"],
    ["auto", "1900-01-01 00:00:00"],
    ["auto", "1899-12-31 23:59:59.999999999"],
    ["auto", "\0\0\0\0\0\0\0\0\0\0 00:00:00"],
    ["rfc3339", "2026-11-21t12:34:56.7z"],
    ["rfc3339", "2026-11-21 12:34:56-08:00"],
    ["rfc3339", "2026-11-21T12:34:56"],
    ["clickhouse", "2026-11-21 12:34:56.789"],
    ["clickhouse", "2026-11-21"],
    ["clickhouse", "2026-11-21 12:34:56.1234567891"],
    ["clf", "10/Oct/2000:13:55:36 -0700"],
    ["clf", "[10/oct/2000:13:55:36 +0000]"],
    ["rfc2822", "Fri, 05 Apr 2024 10:11:12 +0200"],
    ["rfc2822", "Fri, 05 Apr 2024 10:11:12 GMT"],
    ["rfc2822", "5 apr 2024 10:11:12 UTC"],
    ["rfc2822", "Wed, 31 Apr 2024 10:11:12 GMT"],
    ["ctime", "Fri Apr  5 10:11:12 2024"],
    ["ctime", "Fri Apr 05 23:59:60 2024"],
    ["ctime", "mon DEC 31 24:00:00 2024"],
    ["month_name", "Apr  5 2024 10:11:12"],
    ["month_name", "Apr 5, 2024 10:11:12.345"],
    ["month_name", "Apr 15, 2024 10:11:12.123456789"],
    ["month_name", "05-Apr-2024 10:11:12"],
    ["month_name", "05/APR/2024 10:11:12"],
    ["month_name", "05 Apr 2024 10:11:12.5"],
    ["month_name", "Feb 30, 2024 10:11:12"],
    ["epoch_s", "1700000000.123456789"],
    ["epoch_s", "-0.0000000001"],
    ["epoch_s", "1.7e9"],
    ["epoch_s", " 1700000000\n"],
    ["epoch_s", ""],
    ["epoch_s", "abc"],
    ["epoch_ms", "1700000000123"],
    ["epoch_ms", "1700000000123.4567891"],
    ["epoch_us", "-1700000000123456.7"],
    ["epoch_ns", "1700000000123456789"],
    ["epoch_ns", "-0.1"],
  ];
  it.each(ordinary)("%s: %j is judged, not declined, for every type", (format, text) => {
    for (const type of utcTypes) {
      const { kernel, reference } = column(type, format).text(text);
      expect(kernel, type).toBe(reference);
    }
  });

  it("readings in a zone other than UTC are judged, with an offset and without", () => {
    for (const type of localTypes) {
      for (const text of [
        "2026-11-21 12:34:56",
        "2026-11-21",
        "20261121123456",
        "2026-11-21 12:34:56.5",
        "2026/1/1 ",
      ]) {
        const { kernel, reference } = column(type, "auto").text(text);
        expect(kernel).toBe(reference);
        expect(kernel).not.toBe(column(type, "auto").text(`${text.trim()}Z`).kernel);
      }
      for (const text of ["2026-11-21 12:34:56Z", "2026-11-21T12:34+01", "20261121Z", "1700000000"]) {
        const { kernel, reference } = column(type, "auto").text(text);
        expect(kernel).toBe(reference);
      }
      for (const [format, text] of [
        ["ctime", "Sat Nov 21 12:34:56 2026"],
        ["month_name", "Nov 21, 2026 12:34:56"],
        ["month_name", "21-Nov-2026 12:34:56.5"],
      ] as const) {
        const { kernel, reference } = column(type, format).text(text);
        expect(kernel).toBe(reference);
      }
      for (const text of ["2026-11-21 12:34:56", "2026-11-21", "2026-11-21 12:34:56.25"]) {
        const { kernel, reference } = column(type, "clickhouse").text(text);
        expect(kernel).toBe(reference);
      }
    }
  });

  it("every day from the year 0 on is the reference's, and no other day exists", () => {
    const dates = column("Date32", "auto");
    const times = column("DateTime", "auto");
    const random = new Randomness(2);
    for (let year = 0; year < 10_000; year += 1 + random.below(9)) {
      for (const month of [random.below(14), 2]) {
        for (const day of [random.below(32), 28, 29, 30, 31]) {
          const text = [String(year).padStart(4, "0"), pad(month), pad(day)].join("-");
          expectEqual(dates, text);
          expectEqual(times, `${text}T00:00:00Z`);
        }
      }
    }
  });
});

describe("times from numbers", () => {
  const random = new Randomness(3);
  it.each(utcTypes)("%s: generated numbers end as in the reference", (type) => {
    let taken = 0;
    for (let run = 0; run < 3_000; run++) {
      const json = count(random);
      const format = formats[random.below(formats.length)]!;
      const { kernel, reference } = column(type, format).number(json);
      if (kernel === "declined") continue;
      if (kernel !== reference) expect(kernel, `${format} ${json}`).toBe(reference);
      if (!kernel.startsWith("field")) taken++;
    }
    expect(taken).toBeGreaterThan(50);
  });

  it("numbers whose double is whole or nearly so are never judged otherwise than by the reference", () => {
    for (let run = 0; run < 20_000; run++) {
      const whole =
        random.below(3) === 0 ? random.below(30) : Math.floor(2 ** (random.below(53) + random.below(100) / 100));
      const run9 = (random.oneIn(2) ? "9" : "0").repeat(random.below(19));
      const json = `${random.oneIn(3) ? "-" : ""}${whole}.${run9}${random.below(1_000)}`;
      for (const [type, format] of [
        ["DateTime", "auto"],
        ["Date32", "auto"],
        ["DateTime64(9)", "epoch_s"],
      ] as const) {
        const { kernel, reference } = column(type, format).number(json);
        if (kernel !== "declined" && kernel !== reference) expect(kernel, `${type} ${json}`).toBe(reference);
      }
    }
  });

  const ordinary =
    "0,-0,1,-1,20000,1.5,1e3,1700000000,1700000000.0,1700000000.123,1700000000.123456,1700000000.123456789,-1700000000.25,1.7e9,1.7000000001e12,1700000000123,1700000000123456,1700000000123456789,4294967295,4294967296,65535,65536,-25567,-25568,120529,120530,10413791999,10413792000,-2208988800,-2208988801,9223372036,9223372037,10413791999999,10413792000000,-2208988800000,-2208988800001,9223372036854775807,9223372036854775808";
  it.each(ordinary.split(","))("%s is judged, not declined, for every type and format", (json) => {
    for (const type of utcTypes) {
      for (const format of formats) {
        const { kernel, reference } = column(type, format).number(json);
        expect(kernel, `${type} ${format}`).toBe(reference);
      }
    }
  });
});

it("values of other kinds are of the wrong type; null is left to the reference", () => {
  for (const [, compared] of columns) {
    for (const kind of [
      layout.KIND_FALSE,
      layout.KIND_TRUE,
      layout.KIND_OBJECT,
      layout.KIND_ARRAY,
      layout.KIND_BYTES,
    ]) {
      expect(compared.kind(kind)).toBe("field_type");
    }
    expect(compared.kind(layout.KIND_NULL)).toBe("declined");
  }
});

it.each(utcTypes)("%s is read back as the reference reads it", (type) => {
  const readTimeMs = compileReadTimeMs(parseColumnType(type))!;
  const random = new Randomness(4);
  const scale = Number(/\d+(?=\))/.exec(type)?.[0] ?? 3);
  for (let run = 0; run < 2_000; run++) {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    const ticks = (random.below(2 ** 31) - 2 ** 29) * 10 ** scale + random.below(10 ** scale);
    view.setBigInt64(0, BigInt(Math.trunc(ticks / [1, 1, 7, 1e9][random.below(4)]!)));
    bytes.reverse();
    expect(column(type, "auto").timeMs(bytes)).toBe(readTimeMs(view, 0));
  }
});

it("damaged text of one format leaves no trace in what is read next", () => {
  const random = new Randomness(5);
  const compared = column("DateTime64(3)", "auto");
  for (let run = 0; run < 5_000; run++) {
    const text = `2026-1${random.below(3)}-2${random.below(10)} 12:34:56.789`;
    expectEqual(compared, text);
    expectEqual(compared, damageText(text, random));
  }
});

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

/** An assertion per value would take longer than the values. */
function expectEqual(compared: ComparedColumn, text: string): void {
  const { kernel, reference } = compared.text(text);
  if (kernel !== reference) expect(kernel, JSON.stringify(text)).toBe(reference);
}
