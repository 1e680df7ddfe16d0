import { beforeAll, describe, expect, it } from "vitest";
import * as layout from "./assembly/layout.ts";
import { Randomness } from "./testing/randomness.ts";
import { count } from "./testing/time-texts.ts";
import { type ComparedColumn, type Comparison, ValueWriters } from "./testing/value-writers.ts";

const names = [
  "",
  "a",
  "b",
  "ok",
  "failed",
  "12",
  "-3",
  "+4",
  "éà",
  "日本語 text",
  "a name longer than eight bytes",
  "x\0y",
];
const enum8 = `Enum8(${names.map((name, index) => `'${name}' = ${index * 11 - 40}`).join(", ")}, 'c' = 0, 'd' = 127)`;
const enum16 = "Enum16('low' = -32768, 'zero' = 0, 'high' = 32767, '5' = 7, 'seven' = 5)";
const types = ["UUID", "IPv4", "IPv6", enum8, enum16];

const columns = new Map<string, ComparedColumn>();
beforeAll(async () => {
  const writers = await ValueWriters.create("uuid.ts", "ip.ts", "enum.ts");
  for (const type of types) columns.set(type, writers.column(type));
  writers.open();
});

function pick<T>(random: Randomness, from: T[]): T {
  return from[random.below(from.length)]!;
}

/** One character put in, taken out or replaced. */
function damage(random: Randomness, text: string, pieces: string): string {
  const at = random.below(text.length + 1);
  return text.slice(0, at) + (random.oneIn(3) ? "" : pick(random, [...pieces])) + text.slice(at + random.below(2));
}

function hex(random: Randomness, length: number): string {
  let text = "";
  for (let index = 0; index < length; index++) text += "0123456789abcdefABCDEF"[random.below(22)];
  return text;
}

/** Compares `runs` texts and returns how many were stored. Nothing here is too odd for the kernel. */
function compare(type: string, runs: number, make: (random: Randomness) => string): number {
  const random = new Randomness(type.length + runs);
  let stored = 0;
  for (let run = 0; run < runs; run++) {
    const text = make(random);
    const { kernel, reference } = columns.get(type)!.text(text);
    if (kernel !== reference) expect(kernel, JSON.stringify(text)).toBe(reference);
    if (!kernel.startsWith("field")) stored++;
  }
  return stored;
}

describe("UUID", () => {
  const uuid = (random: Randomness): string => {
    const groups = [8, 4, 4, 4, 12].map((length) => hex(random, length));
    return groups.join(random.oneIn(3) ? "" : "-");
  };

  it("sound text is stored as the reference stores it", () => {
    expect(compare("UUID", 5_000, uuid)).toBe(5_000);
  });

  it("damaged text ends as in the reference", () => {
    // The neighbours of digits and letters in ASCII, and characters that differ from them in one bit only.
    const pieces = "/:@G`g-0\0\x10\x19\x01\x11PpÀé日 _";
    const stored = compare("UUID", 10_000, (random) => damage(random, uuid(random), pieces));
    expect(stored).toBeGreaterThan(0);
    expect(stored).toBeLessThan(4_000);
  });

  it("every byte but a hexadecimal digit is refused at every place", () => {
    const sound = "00112233-4455-6677-8899-aabbccddeeff";
    for (let at = 0; at < sound.length; at++) {
      for (let code = 0; code < 128; code++) {
        const text = sound.slice(0, at) + String.fromCharCode(code) + sound.slice(at + 1);
        expectEqual(columns.get("UUID")!.text(text), text);
      }
    }
  });
});

describe("IP addresses", () => {
  const ipv4 = (random: Randomness): string =>
    Array.from({ length: random.oneIn(12) ? 3 + random.below(3) : 4 }, () => {
      const number = String(
        random.oneIn(6) ? pick(random, [0, 9, 99, 255, 256, 260, 300, 999, 1000]) : random.below(256),
      );
      return random.oneIn(8) ? number.padStart(1 + random.below(4), "0") : number;
    }).join(".");
  const ipv6 = (random: Randomness): string => {
    const groups = Array.from({ length: random.oneIn(3) ? random.below(10) : 8 }, () =>
      hex(random, 1 + random.below(4)),
    );
    if (random.oneIn(4)) groups.splice(-2, 2, ipv4(random));
    if (random.oneIn(2)) groups.splice(random.below(groups.length + 1), random.below(9), "");
    const text = groups.join(":");
    return random.oneIn(6) ? `:${text}` : random.oneIn(6) ? `${text}:` : text;
  };
  const pieces = ":.:.09/;fFgG@` -%é\0";

  it.each(["IPv4", "IPv6"])("%s: dotted text ends as in the reference", (type) => {
    const stored = compare(type, 20_000, (random) =>
      random.oneIn(3) ? damage(random, ipv4(random), pieces) : ipv4(random),
    );
    expect(stored).toBeGreaterThan(5_000);
  });

  it("IPv6: text with colons ends as in the reference", () => {
    const stored = compare("IPv6", 40_000, (random) =>
      random.oneIn(3) ? damage(random, ipv6(random), pieces) : ipv6(random),
    );
    expect(stored).toBeGreaterThan(5_000);
  });

  it("short text of the characters of addresses ends as in the reference", () => {
    const stored = compare("IPv6", 40_000, (random) =>
      Array.from({ length: random.below(12) }, () => pick(random, [..."::::1af."])).join(""),
    );
    expect(stored).toBeGreaterThan(100);
  });

  it.each([
    "::",
    "::1",
    "1::",
    "abcd",
    "::ffff:1.2.3.4",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
    "",
    ":",
    ":::",
    "1:2:3:4:5:6:1.2.3.4",
    "1.2.3.4::",
    "1:2:3:4:5:6:7:8::",
    "2001:DB8::ff00:42:8329",
    "127.0.0.1",
    "255.255.255.256",
  ])("%j ends as in the reference", (text) => {
    for (const type of ["IPv4", "IPv6"]) expectEqual(columns.get(type)!.text(text), text);
  });
});

describe("Enum", () => {
  it.each([enum8, enum16])("names and numbers as text end as in the reference: %s", (type) => {
    const listed = [...names, "c", "d", "low", "zero", "high", "5", "seven"];
    const stored = compare(type, 20_000, (random) => {
      const number = String(
        pick(random, [0, 5, 7, 12, -3, 4, 127, 128, -128, 32767, 32768, -32768, random.below(300) - 150]),
      );
      const text = pick(random, [
        pick(random, listed),
        number,
        `+${number}`,
        `00${number}`,
        `${number}0000000000000000000`,
      ]);
      return random.oneIn(3) ? damage(random, text, "ab0-+.e é日\0") : text;
    });
    expect(stored).toBeGreaterThan(1_000);
  });

  it.each([enum8, enum16])("numbers end as in the reference: %s", (type) => {
    const random = new Randomness(8);
    let stored = 0;
    for (let run = 0; run < 10_000; run++) {
      const small = `${random.below(400) - 200}${pick(random, ["", "", ".0", ".5", "e0", ".00000000000000000000001", "e1"])}`;
      const json = random.oneIn(3)
        ? count(random)
        : random.oneIn(3)
          ? pick(random, ["-32768", "32767", "-0", "7"])
          : small;
      const compared = columns.get(type)!.number(json);
      if (compared.kernel !== "declined") expectEqual(compared, json);
      if (!compared.kernel.startsWith("field") && compared.kernel !== "declined") stored++;
    }
    expect(stored).toBeGreaterThan(100);
  });

  it.each(["0", "-0", "1.0", "4", "400", "1.5", "-29"])("%s is judged, not declined", (json) => {
    for (const type of [enum8, enum16]) expectEqual(columns.get(type)!.number(json), json);
  });
});

it("values of other kinds are of the wrong type; null is left to the reference", () => {
  const { KIND_FALSE, KIND_TRUE, KIND_OBJECT, KIND_ARRAY, KIND_BYTES, KIND_NULL } = layout;
  for (const [type, column] of columns) {
    for (const kind of [KIND_FALSE, KIND_TRUE, KIND_OBJECT, KIND_ARRAY, KIND_BYTES]) {
      expect(column.kind(kind)).toBe("field_type");
    }
    expect(column.kind(KIND_NULL)).toBe("declined");
    if (!type.startsWith("Enum")) expectEqual(column.number("12"), type);
  }
});

/** An assertion per value would take longer than the values. */
function expectEqual({ kernel, reference }: Comparison, text: string): void {
  if (kernel !== reference) expect(kernel, JSON.stringify(text)).toBe(reference);
}
