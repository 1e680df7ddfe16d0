import { describe, expect, it } from "vitest";
import { decodeValue, plainJson } from "./decode-value.ts";
import { parseTailStart } from "./first-offsets.ts";
import { matches, parseMatch } from "./match.ts";
import { timeColumn } from "./table-reader.ts";

describe("--match", () => {
  const document = {
    service: "auth",
    "a.b": 1,
    geo: { city: "Seoul", at: { x: 1.5 } },
    list: [1],
    gone: null,
    ok: false,
  };
  const isMatch = (...texts: string[]) => matches(document, texts.map(parseMatch));

  it("compares a field by its name, or its path, as text", () => {
    expect([isMatch("service=auth"), isMatch("a.b=1"), isMatch("geo.city=Seoul"), isMatch("geo.at.x=1.5")]).toEqual([
      ...[true, true, true, true],
    ]);
    expect([isMatch("service=Auth"), isMatch("service=auth", "ok=true"), isMatch("geo.at.y=1")]).toEqual([
      false,
      false,
      false,
    ]);
    expect([isMatch("list=[1]"), isMatch("ok=false"), isMatch()]).toEqual([true, true, true]);
  });

  it("takes what is not there for empty, and a value with = in it whole", () => {
    expect([isMatch("gone="), isMatch("nobody="), isMatch("service.length=4")]).toEqual([true, true, false]);
    expect(parseMatch("query=a=b")).toEqual({ field: "query", value: "a=b" });
    expect(() => parseMatch("service")).toThrow("--match service: must be a field and its value");
    expect(() => parseMatch("=x")).toThrow("--match =x");
    expect(matches(undefined, [parseMatch("service=auth")])).toBe(false);
    expect(matches({}, [parseMatch("__proto__.x=")])).toBe(true);
  });
});

describe("decodeValue()", () => {
  const decode = (...bytes: number[]) => decodeValue(Uint8Array.from(bytes));

  it("reads what the ingester reads: JSON, JSON in a JSON string, MessagePack", () => {
    expect(decodeValue(Buffer.from('{"a":1}'))).toEqual({ document: { a: 1 } });
    expect(decodeValue(Buffer.from('"{\\"a\\":1}"'))).toEqual({ document: { a: 1 } });
    expect(decode(0x81, 0xa1, 0x61, 0x07)).toEqual({ document: { a: 7 } });
  });

  it("leaves what is none of these as it is", () => {
    expect(decodeValue(Buffer.from("GET / 200"))).toEqual({ text: "GET / 200" });
    expect(decodeValue(Buffer.from("[1]"))).toEqual({ text: "[1]" });
    expect(decode(0xff, 0xfe)).toEqual({ base64: "//4=" });
    expect(decodeValue(undefined)).toBe(null);
  });

  it("becomes plain JSON, with times and bytes as text", () => {
    // {"t": timestamp 1 s, "b": two bytes, "n": 2^63}
    const value = decode(
      ...[0x83, 0xa1, 0x74, 0xd6, 0xff, 0, 0, 0, 1, 0xa1, 0x62, 0xc4, 2, 1, 2],
      ...[0xa1, 0x6e, 0xcf, 0x80, 0, 0, 0, 0, 0, 0, 0],
    );
    expect(plainJson((value as { document: unknown }).document)).toMatchObject({
      t: "1970-01-01T00:00:01.000Z",
      b: "AQI=",
    });
    expect(JSON.stringify(plainJson(value))).toContain("9223372036854775808");
  });
});

it("a tail begins at an end, a time before now with or without a minus, or a time", () => {
  expect([parseTailStart("end", 0), parseTailStart("latest", 0)]).toEqual([{ at: "end" }, { at: "end" }]);
  expect([parseTailStart("beginning", 0), parseTailStart("earliest", 0)]).toEqual([
    { at: "beginning" },
    { at: "beginning" },
  ]);
  const ago = { at: "time", timeMs: 700_000 };
  expect([parseTailStart("5m", 1_000_000), parseTailStart("-5m", 1_000_000)]).toEqual([ago, ago]);
  expect(parseTailStart("1970-01-01T00:00:01Z", 0)).toEqual({ at: "time", timeMs: 1_000 });
  expect(() => parseTailStart("-1", 0)).toThrow(/^--from .* or beginning, or end$/);
});

it("rows are told apart by the time at which they were stored, if the table notes it", () => {
  const column = (name: string, type: string, default_expression = "") => ({ name, type, default_expression });
  const [event, processed] = [column("event_ts", "DateTime64(3)"), column("processed_ts", "DateTime64(3)")];
  expect(timeColumn([event, processed, column("at", "DateTime", "now()")])).toBe("at");
  expect(timeColumn([event, processed])).toBe("processed_ts");
  expect(timeColumn([column("id", "UInt64"), event])).toBe("event_ts");
  expect(timeColumn([column("seen", "Nullable(DateTime64(3))")])).toBe("seen");
  expect(timeColumn([column("id", "UInt64"), column("day", "Date")])).toBe(undefined);
});
