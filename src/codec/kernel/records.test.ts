import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { BatchHeader } from "../records-header.ts";
import { pushVarlong } from "../testing/record-batch.ts";
import { KernelRecords, type Walk, walkByReference } from "./testing/kernel-records.ts";
import { damage, Randomness } from "./testing/randomness.ts";
import { recordSection } from "./testing/record-bytes.ts";

let kernel: KernelRecords;
beforeAll(async () => {
  kernel = await KernelRecords.create();
});

const oneRecord: BatchHeader = {
  baseOffset: 100,
  lastOffset: 104,
  compression: 0,
  isControl: false,
  isLogAppendTime: false,
  baseTimestampMs: 1_700_000_000_000,
  maxTimestampMs: 1_700_000_000_999,
  recordCount: 1,
};

/** Both walks see the same records and end the same way; returns the reference's. */
function expectAgreement(records: Uint8Array, header: BatchHeader): Walk {
  const expected = walkByReference(records, header);
  const actual = kernel.walk(records, header);
  // The walk of the whole compares strings, which is much faster than the matcher.
  if (JSON.stringify(actual) !== JSON.stringify(expected)) {
    expect(actual, Buffer.from(records).toString("hex")).toEqual(expected);
  }
  return expected;
}

/** A record with these bytes in the places of its fields, and its true length before it. */
function record(fields: { delta?: number[]; offset?: number[]; rest?: number[] }, lengthDelta = 0): Uint8Array {
  const body = [0, ...(fields.delta ?? [0]), ...(fields.offset ?? [0]), ...(fields.rest ?? [1, 2, 0x61, 0])];
  const bytes: number[] = [];
  pushVarlong(bytes, body.length + lengthDelta);
  return Uint8Array.from([...bytes, ...body]);
}

describe("the kernel's walk over records", () => {
  it("agrees with the reference on sound batches and on ones whose counts and offsets lie", () => {
    const random = new Randomness(11);
    let sound = 0;
    for (let round = 0; round < 3_000; round++) {
      const { records, header } = recordSection(random);
      if (!expectAgreement(records, header).isCorrupt) sound++;
    }
    expect(sound).toBeGreaterThan(2_000);
    expect(sound).toBeLessThan(2_990);
  });

  it("agrees with the reference on damaged and torn batches: the same good records, the same end", () => {
    const random = new Randomness(12);
    let goodBeforeBad = 0;
    for (let round = 0; round < 8_000; round++) {
      const { records, header } = recordSection(random);
      const walk = expectAgreement(damage(records, random), header);
      if (walk.isCorrupt && walk.records.length > 0) goodBeforeBad++;
    }
    expect(goodBeforeBad).toBeGreaterThan(500);
  });

  it.each([
    ["the smallest", [1, 1, 0], false],
    ["an empty key and an empty value", [0, 0, 0], false],
    ["a key of length −2", [3, 1, 0], true],
    ["a value one byte too long", [1, 4, 0x61, 0], true],
    ["one byte after the headers", [1, 1, 0, 0], true],
    ["no header count", [1, 1], true],
    ["a header that is not there", [1, 1, 2], true],
    ["a header with a null value", [1, 1, 2, 0, 1], false],
    ["a header with a null name", [1, 1, 2, 1, 1], true],
    ["a negative header count", [1, 1, 1, 0, 0], true],
    ["2³¹ − 1 headers", [1, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0, 0], true],
    ["a value of 2³¹ − 1 bytes", [1, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0, 0], true],
    ["a value of −2³¹ bytes", [1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0], true],
    ["a value length of more than 32 bits", [1, 0x80, 0x80, 0x80, 0x80, 0x10, 0], true],
    ["a value length of six bytes", [1, 0x82, 0x80, 0x80, 0x80, 0x80, 0x00, 0x61, 0], true],
    ["a value length padded to five bytes", [1, 0x82, 0x80, 0x80, 0x80, 0x00, 0x61, 0], false],
    ["a value length padded to two bytes", [1, 0x82, 0x00, 0x61, 0], false],
  ])("reads or refuses %s", (_name, rest, isCorrupt) => {
    expect(expectAgreement(record({ rest }), oneRecord).isCorrupt).toBe(isCorrupt);
  });

  it("takes timestamp deltas as far as the reference does", () => {
    const ones = Array.from({ length: 7 }, () => 0xff);
    const zeros = Array.from({ length: 7 }, () => 0x80);
    const deltas: [number[], boolean][] = [
      [[...ones, 0x0f], false], // 2⁵³ − 1, zigzag
      [[...ones.slice(1), 0x7f], false],
      [[...zeros, 0x10], true],
      [[...zeros, 0x8f, 0x00], false],
      [[...zeros, 0x80, 0x80, 0x00], false],
      [[...zeros, 0x80, 0x80, 0x01], true],
      [[...zeros, 0x80, 0x01], true],
      [[...zeros, 0x80, 0x80, 0x80, 0x00], true],
    ];
    for (const [delta, isCorrupt] of deltas) {
      expect(expectAgreement(record({ delta }), oneRecord).isCorrupt, `${delta}`).toBe(isCorrupt);
    }
  });

  it("refuses offsets that do not rise or pass the batch's last", () => {
    for (const delta of [-1, 0, 4, 5, 2 ** 31 - 1, -(2 ** 31)]) {
      const offset: number[] = [];
      pushVarlong(offset, delta);
      expect(expectAgreement(record({ offset }), oneRecord).isCorrupt).toBe(delta < 0 || delta > 4);
    }
    const twice = [...record({ offset: [2] }), ...record({ offset: [2] })];
    const walk = expectAgreement(Uint8Array.from(twice), { ...oneRecord, recordCount: 2 });
    expect(walk).toMatchObject({ isCorrupt: true, lastOffset: 101, records: [{ offset: 101 }] });
  });

  it("refuses record lengths that are not the record's", () => {
    for (let lengthDelta = -9; lengthDelta <= 9; lengthDelta++) {
      const padded = Uint8Array.from([...record({}, lengthDelta), 0, 0, 0]);
      expect(expectAgreement(padded, oneRecord).isCorrupt).toBe(true);
    }
    expect(expectAgreement(new Uint8Array(0), { ...oneRecord, recordCount: 0 }).isCorrupt).toBe(false);
    expect(expectAgreement(Uint8Array.of(0), { ...oneRecord, recordCount: 0 }).isCorrupt).toBe(true);
  });

  it("agrees with the reference on any varints in a record", () => {
    const varint = fc.array(fc.oneof(fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xff, 0x0f, 0x10), fc.nat(255)), {
      minLength: 1,
      maxLength: 11,
    });
    fc.assert(
      fc.property(varint, varint, varint, (delta, offset, rest) => {
        expectAgreement(record({ delta, offset, rest }), oneRecord);
      }),
      { numRuns: 2_000 },
    );
  });
});
