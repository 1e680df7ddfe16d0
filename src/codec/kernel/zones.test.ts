import { beforeAll, describe, expect, it } from "vitest";
import { loadKernelModule } from "../../../workers/kernel-module.ts";
import { parseColumnType } from "../../schema/column-type.ts";
import { compileOffsets } from "../reference/time/time-zone.ts";
import { column, makePlan } from "../testing/plan.ts";
import { makeBatch, text } from "../testing/record-batch.ts";
import { makeTask } from "../testing/task.ts";
import { Randomness } from "./testing/randomness.ts";
import { emptyCounts, TranscoderPair } from "./testing/transcoder-pair.ts";
import { type ComparedColumn, ValueWriters } from "./testing/value-writers.ts";
import { findPeriods, type OffsetPeriod, zoneTable } from "./zone-table.ts";

const zones = [
  "Europe/Berlin",
  "America/New_York",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "America/St_Johns",
  "Australia/Lord_Howe",
  "Africa/Casablanca",
  "America/Noronha", // a summer of seven days in 2000
  "Asia/Gaza", // a winter of seven days in 2040
  "Pacific/Apia",
  "Asia/Pyongyang",
  "Europe/Dublin",
];
const firstSecond = Date.UTC(1900, 0, 1) / 1_000;
const endSecond = Date.UTC(2300, 0, 1) / 1_000;
/** Yearly rules repeat: of the changes that follow from here on, every tenth is tried. */
const ruledSecond = Date.UTC(2045, 0, 1) / 1_000;

const seconds = new Map<string, ComparedColumn>();
const nanos = new Map<string, ComparedColumn>();
const unsigned = new Map<string, ComparedColumn>();

beforeAll(async () => {
  const writers = await ValueWriters.create("date-time.ts");
  for (const zone of zones) {
    seconds.set(zone, writers.column(`DateTime64(0, '${zone}')`, "clickhouse"));
    nanos.set(zone, writers.column(`DateTime64(9, '${zone}')`));
    unsigned.set(zone, writers.column(`DateTime('${zone}')`));
  }
  writers.open();
});

describe.each(zones)("%s", (zone) => {
  const random = new Randomness(zone.length);
  const periods = findPeriods(zone);
  const changes = periods.slice(1).filter((period, index) => period.startSeconds < ruledSecond || index % 10 === 0);

  it("has the offsets of the reference, before and after each change and at any other instant", () => {
    const offsetAt = compileOffsets(zone);
    const instants = changes.flatMap(({ startSeconds }) => [startSeconds - 1, startSeconds]);
    for (let run = 0; run < 1_000; run++) instants.push(firstSecond + random.below(endSecond - firstSecond));
    for (const instant of instants) {
      if (offsetAt(instant) !== offsetIn(periods, instant)) {
        expect(offsetIn(periods, instant), new Date(instant * 1_000).toISOString()).toBe(offsetAt(instant));
      }
    }
  });

  it("readings of all years are the reference's", () => {
    for (let run = 0; run < 3_000; run++) {
      const text = clockText(firstSecond - 200_000 + random.below(endSecond - firstSecond + 400_000));
      expectEqual(seconds.get(zone)!, text);
      expectEqual(nanos.get(zone)!, `${text.replace(" ", "T")}.${random.below(1_000)}`);
      expectEqual(unsigned.get(zone)!, text.replaceAll("-", "/"));
    }
  });

  it("readings around each change of the offset are the reference's, in gaps and overlaps as well", () => {
    for (const { startSeconds } of changes) {
      const [before, after] = [offsetIn(periods, startSeconds - 1), offsetIn(periods, startSeconds)];
      const edges = [startSeconds + before, startSeconds + after, startSeconds - 86_400 + before];
      edges.push(startSeconds + 86_400 + after, startSeconds + (before + after) / 2);
      for (const edge of edges) {
        for (const distance of [-1, 0, 1, random.below(7_200) - 3_600, random.below(180_000) - 90_000]) {
          expectEqual(seconds.get(zone)!, clockText(Math.floor(edge) + distance));
        }
      }
    }
  });
});

/** By the laws of each place, not by the reference. */
const known: [string, string, string][] = [
  ["Europe/Berlin", "2026-11-21 12:00:00", "2026-11-21T11:00:00Z"],
  ["Europe/Berlin", "2024-03-31 02:30:00", "2024-03-31T00:30:00Z"], // does not occur
  ["Europe/Berlin", "2024-10-27 02:30:00", "2024-10-27T00:30:00Z"], // occurs twice
  ["Europe/Berlin", "2024-10-27 03:00:00", "2024-10-27T02:00:00Z"],
  ["Europe/Berlin", "2199-07-01 00:00:00", "2199-06-30T22:00:00Z"],
  ["America/New_York", "2024-11-03 01:30:00", "2024-11-03T05:30:00Z"],
  ["Asia/Kathmandu", "1985-12-31 23:59:59", "1985-12-31T18:29:59Z"],
  ["Asia/Kathmandu", "1986-01-01 00:15:00", "1985-12-31T18:30:00Z"],
  ["Australia/Lord_Howe", "2024-04-07 01:45:00", "2024-04-06T14:45:00Z"],
  ["America/Noronha", "2000-10-12 12:00:00", "2000-10-12T13:00:00Z"], // one hour more than on other days
  ["Pacific/Apia", "2011-12-29 23:59:59", "2011-12-30T09:59:59Z"],
  ["Pacific/Apia", "2011-12-30 12:00:00", "2011-12-29T22:00:00Z"], // the whole day does not occur
  ["Pacific/Apia", "2011-12-31 00:00:00", "2011-12-30T10:00:00Z"],
  ["Asia/Pyongyang", "2018-05-04 23:45:00", "2018-05-04T14:45:00Z"],
  ["Europe/Dublin", "1970-01-01 00:00:00", "1969-12-31T23:00:00Z"],
  // From 1987 to 2011 at one minute past midnight.
  ["America/St_Johns", "2010-11-07 00:05:00", "2010-11-07T03:35:00Z"],
  ["America/St_Johns", "2010-11-07 00:00:30", "2010-11-07T02:30:30Z"], // occurs twice
  ["America/St_Johns", "2010-03-14 00:00:59", "2010-03-14T03:30:59Z"],
  ["America/St_Johns", "2010-03-14 01:01:00", "2010-03-14T03:31:00Z"],
  // Local mean times, with seconds.
  ["Asia/Kathmandu", "1919-12-31 23:59:59", "1919-12-31T18:18:43Z"],
  ["Asia/Kathmandu", "1920-01-01 00:00:00", "1919-12-31T18:30:00Z"],
  ["America/St_Johns", "1935-03-29 12:00:00", "1935-03-29T15:30:52Z"],
  ["America/St_Johns", "1935-03-30 12:00:00", "1935-03-30T15:30:00Z"],
];
it.each(known)("%s: %s is %s", (zone, text, utc) => {
  const { kernel, reference } = seconds.get(zone)!.text(text);
  expect(kernel).toBe(reference);
  const view = new DataView(Uint8Array.from(kernel.match(/../g)!, (byte) => Number.parseInt(byte, 16)).buffer);
  expect(new Date(Number(view.getBigInt64(0, true)) * 1_000).toISOString()).toBe(utc.replace("Z", ".000Z"));
});

it("readings in several zones in turn are each in their own", () => {
  const random = new Randomness(12);
  for (let run = 0; run < 3_000; run++) {
    const text = clockText(Date.UTC(2024, 9, 1) / 1_000 + random.below(60 * 86_400));
    expectEqual(seconds.get(zones[random.below(zones.length)]!)!, text);
  }
});

it("readings at the ends of the range and far outside are the reference's", () => {
  for (const zone of zones) {
    for (const date of ["0000-01-01", "0001-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1900-01-02"]) {
      for (const hour of hours) expectEqual(seconds.get(zone)!, `${date} ${hour}:59:60`);
    }
    for (const date of ["2106-02-07", "2262-04-11", "2262-04-12", "2299-12-31", "2300-01-01", "9999-12-31"]) {
      for (const hour of hours) {
        for (const columns of [seconds, nanos, unsigned]) expectEqual(columns.get(zone)!, `${date} ${hour}:28:15`);
      }
    }
  }
});

it("a zone has one table, UTC has none, and what is no zone throws", () => {
  expect(zoneTable("Europe/Berlin")).toBe(zoneTable("Europe/Berlin"));
  for (const utc of [undefined, "UTC", "Etc/UTC", "GMT"]) expect(zoneTable(utc)).toBeUndefined();
  expect(() => zoneTable("Europe/Atlantis")).toThrow(RangeError);
});

it("a plan with columns in several zones needs the reference for no record", () => {
  const read = (name: string, type: string) => column(name, parseColumnType(type), { timeFormat: "auto" });
  const columns = [
    read("at", "DateTime('Europe/Berlin')"),
    read("seen", "Nullable(DateTime64(3, 'America/New_York'))"),
    read("all", "Array(DateTime64(6, 'Europe/Berlin'))"),
    read("last", "LowCardinality(DateTime('Asia/Kolkata'))"),
    read("day", "Date"),
  ];
  const plan = makePlan({ columns, eventTimeColumn: "at" });
  const random = new Randomness(13);
  const records = Array.from({ length: 1_000 }, () => {
    const time = () => clockText(Date.UTC(2024, 0, 1) / 1_000 + random.below(366 * 86_400));
    const value = { at: time(), seen: time(), all: [time(), `${time()}.25`], last: time(), day: time().slice(0, 10) };
    return { value: text(JSON.stringify(value)) };
  });
  const counts = emptyCounts();
  const pair = new TranscoderPair(loadKernelModule(), plan, random, counts);
  for (const format of ["rows", "native"] as const) {
    const task = makeTask([makeBatch(records)], { format });
    pair.run(task);
    pair.check(task);
  }
  expect(counts).toMatchObject({ records: 2_000, rows: 2_000, leftOver: 0, declined: 0, deadByType: {} });
});

const hours = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0"));

function offsetIn(periods: OffsetPeriod[], utcSeconds: number): number {
  return periods.findLast(({ startSeconds }) => startSeconds <= utcSeconds)!.offsetSeconds;
}

function clockText(localSeconds: number): string {
  return new Date(localSeconds * 1_000).toISOString().slice(0, 19).replace("T", " ");
}

/** An assertion per value would take longer than the values. The kernel declines none of these. */
function expectEqual(compared: ComparedColumn, text: string): void {
  const { kernel, reference } = compared.text(text);
  if (kernel !== reference) expect(kernel, text).toBe(reference);
}
