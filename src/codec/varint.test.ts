import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pushVarlong } from "./testing/record-batch.ts";
import { readVarint, readVarlong } from "./varint.ts";

function cursorOf(bytes: number[]) {
  return { bytes: Uint8Array.from(bytes), offset: 0, end: bytes.length };
}

describe("readVarint()", () => {
  it("reads the examples of the protocol's zigzag encoding", () => {
    const cases: [number[], number][] = [
      [[0x00], 0],
      [[0x01], -1],
      [[0x02], 1],
      [[0xac, 0x02], 150],
      [[0xff, 0xff, 0xff, 0xff, 0x0f], -2147483648],
      [[0xfe, 0xff, 0xff, 0xff, 0x0f], 2147483647],
    ];
    for (const [bytes, value] of cases) expect(readVarint(cursorOf(bytes), "n")).toBe(value);
  });

  it("reads every 32-bit integer and moves the cursor past it", () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (value) => {
        const bytes: number[] = [];
        pushVarlong(bytes, value);
        const cursor = cursorOf(bytes);
        expect(readVarint(cursor, "n")).toBe(value);
        expect(cursor.offset).toBe(bytes.length);
      }),
    );
  });

  it("names what is cut off or too long, and where", () => {
    expect(() => readVarint(cursorOf([0x80, 0x80]), "record length")).toThrow("record length at byte 0 is cut off");
    expect(() => readVarint(cursorOf([]), "record length")).toThrow("cut off");
    expect(() => readVarint(cursorOf([0xff, 0xff, 0xff, 0xff, 0x10]), "n")).toThrow("longer than 32 bits");
    expect(() => readVarint(cursorOf([0x80, 0x80, 0x80, 0x80, 0x80, 0x00]), "n")).toThrow("longer than 32 bits");
  });
});

describe("readVarlong()", () => {
  it("reads safe integers of both signs", () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 51), max: 2 ** 51 }), (value) => {
        const bytes: number[] = [];
        pushVarlong(bytes, value);
        expect(readVarlong(cursorOf(bytes), "n") + 0).toBe(value);
      }),
    );
  });

  it("refuses what is cut off, longer than 64 bits or not safe", () => {
    expect(() => readVarlong(cursorOf([0x80]), "n")).toThrow("cut off");
    expect(() => readVarlong(cursorOf(new Array(11).fill(0x80)), "n")).toThrow("longer than 64 bits");
    expect(() => readVarlong(cursorOf([...new Array(8).fill(0xff), 0x7f]), "n")).toThrow("not a safe integer");
  });
});
