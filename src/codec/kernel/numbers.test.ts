import { beforeAll, describe, expect, it } from "vitest";
import { ByteWriter } from "../../core/byte-writer.ts";
import { parseColumnType } from "../../schema/column-type.ts";
import type { ColumnType } from "../../schema/plan.ts";
import { FieldError } from "../reference/column.ts";
import { compileColumn } from "../reference/columns/compile.ts";
import * as layout from "./assembly/layout.ts";
import { compileAssembly } from "./testing/compile-assembly.ts";
import { numberText, stringText } from "./testing/number-texts.ts";
import { Randomness } from "./testing/randomness.ts";

type Writer = "writeInt" | "writeFloat32" | "writeFloat64" | "writeDecimal" | "writeBool";
type Write = (node: number, kind: number, start: number, end: number, at: number) => number;
type Coercion = "strict" | "lenient";

interface Kernel extends Record<Writer, Write> {
  memory: WebAssembly.Memory;
  allocate(bytes: number): number;
  coercions: WebAssembly.Global;
  resetCoercions(count: number): void;
  readSmallInteger(start: number, end: number): bigint;
  writeDecimalText(value: bigint, at: number): number;
  powerHigh(q: number): bigint;
  powerLow(q: number): bigint;
}

/** Hex of the bytes written, or the type of the error, or `declined`; and how many conversions were counted. */
interface Outcome {
  result: string;
  coercions: number;
}

const errorTypes: Record<number, string> = {
  [layout.DECLINED]: "declined",
  [layout.REJECT_FIELD_TYPE]: "field_type",
  [layout.REJECT_FIELD_RANGE]: "field_range",
  [layout.REJECT_FIELD_FORMAT]: "field_format",
};
const literals = {
  true: layout.KIND_TRUE,
  false: layout.KIND_FALSE,
  "{}": layout.KIND_OBJECT,
  "[]": layout.KIND_ARRAY,
};
const types = [
  ...[8, 16, 32, 64].flatMap((bits) => [`Int${bits}`, `UInt${bits}`]),
  ...["Float32", "Float64", "Bool", "Decimal(9, 2)", "Decimal(4, 4)", "Decimal(18, 0)", "Decimal(18, 6)"],
];

let kernel: Kernel;
let node: number;
let source: number;
let target: number;

beforeAll(async () => {
  const files = ["integer.ts", "float.ts", "decimal.ts", "bool.ts", "outcome.ts", "float-powers.ts", "memory.ts"];
  kernel = (await compileAssembly(...files)) as unknown as Kernel;
  node = kernel.allocate(layout.NODE_BYTES);
  source = kernel.allocate(4096);
  target = kernel.allocate(64);
});

/** Sets the node to the type and names its writer. */
function setNode(type: ColumnType, coercion: Coercion): { write: Writer; width: number } {
  const view = new DataView(kernel.memory.buffer, node, layout.NODE_BYTES);
  const width = "bits" in type ? type.bits / 8 : 1;
  view.setUint8(layout.NODE_LENIENT, Number(coercion === "lenient"));
  view.setUint8(layout.NODE_SCALE, type.kind === "decimal" ? type.scale : 0);
  view.setUint32(layout.NODE_WIDTH, width, true);
  view.setUint32(layout.NODE_SIGNED, Number(type.kind === "int" && type.signed), true);
  view.setUint32(layout.NODE_PRECISION, type.kind === "decimal" ? type.precision : 0, true);
  if (type.kind === "float") return { write: type.bits === 64 ? "writeFloat64" : "writeFloat32", width };
  return { write: type.kind === "decimal" ? "writeDecimal" : type.kind === "bool" ? "writeBool" : "writeInt", width };
}

/** Copies a text into the kernel, with bytes after it that would change the result if they were read as part of it. */
function place(text: string, behind = 0x35): number {
  const memory = new Uint8Array(kernel.memory.buffer, source, 4096);
  const { written } = new TextEncoder().encodeInto(text, memory);
  memory.fill(behind, written, written + 64);
  return source + written;
}

/** `json` is a JSON number, a string or a literal of JSON. */
function byKernel(type: ColumnType, coercion: Coercion, json: string, behind?: number): Outcome {
  const { write, width } = setNode(type, coercion);
  const value: unknown = JSON.parse(json);
  const literal = literals[json as keyof typeof literals] ?? layout.KIND_NUMBER;
  const end = place(typeof value === "string" ? value : json, behind);
  kernel.resetCoercions(0);
  const code = kernel[write](node, typeof value === "string" ? layout.KIND_STRING : literal, source, end, target);
  const written = new Uint8Array(kernel.memory.buffer, target, width);
  return {
    result: errorTypes[code] ?? Buffer.from(written).toString("hex"),
    coercions: kernel.coercions.value as number,
  };
}

function byReference(type: ColumnType, coercion: Coercion, json: string): Outcome {
  const out = new ByteWriter(16);
  const column = {
    name: "x",
    type,
    source: { kind: "document" as const, names: ["x"] },
    timeFormat: "auto" as const,
    missing: { kind: "typeDefault" as const },
    coercion,
  };
  let coercions = 0;
  const context = {
    sourceText: () => json,
    mayHideFraction: () => true,
    isFloat: () => false,
    coerced: () => void coercions++,
  };
  try {
    compileColumn(column)(out, JSON.parse(json), context);
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    return { result: error.errorType, coercions };
  }
  return { result: Buffer.from(out.bytes.subarray(0, out.offset)).toString("hex"), coercions };
}

/** Compares; true when the kernel declined, which is allowed only where the reference's own way is needed. */
function expectSame(typeText: string, coercion: Coercion, json: string, behind?: number): boolean {
  const type = parseColumnType(typeText);
  const found = byKernel(type, coercion, json, behind);
  if (found.result === "declined") {
    const text = String(json.startsWith('"') ? JSON.parse(json) : json);
    const hasManyDigits =
      text
        .replace(/[eE].*/, "")
        .replace(/[^\d]/g, "")
        .replace(/^0+/, "").length > 19;
    const mayHaveSpace = coercion === "lenient" && /^\s*[^\0-\x7f]|[^\0-\x7f]\s*$/.test(text);
    if (hasManyDigits || mayHaveSpace) return true;
  }
  const wanted = byReference(type, coercion, json);
  if (found.result !== wanted.result || found.coercions !== wanted.coercions) {
    expect({ typeText, coercion, json, ...found }).toEqual({ typeText, coercion, json, ...wanted });
  }
  return false;
}

describe("the kernel's numbers", () => {
  it.each(types)("%s takes JSON numbers as the reference does", (type) => {
    const random = new Randomness(1);
    let declined = 0;
    for (let count = 0; count < 2_000; count++) {
      const coercion = random.oneIn(2) ? "strict" : "lenient";
      if (expectSame(type, coercion, numberText(random), 0x30 + random.below(10))) declined++;
    }
    expect(declined).toBeLessThan(170);
  });

  it.each(types)("%s takes text as the reference does", (type) => {
    const random = new Randomness(2);
    let declined = 0;
    for (let count = 0; count < 2_000; count++) {
      const coercion = random.oneIn(3) ? "strict" : "lenient";
      if (expectSame(type, coercion, JSON.stringify(stringText(random)), 0x20 + random.below(80))) declined++;
    }
    expect(declined).toBeLessThan(200);
  });

  it.each(types)("%s takes literals, objects and arrays as the reference does, and declines null", (type) => {
    for (const coercion of ["strict", "lenient"] as const) {
      for (const json of ["true", "false", "{}", "[]", '""', '" "', '"1"', '"0"']) expectSame(type, coercion, json);
    }
    const { write } = setNode(parseColumnType(type), "strict");
    expect(kernel[write](node, layout.KIND_NULL, source, source, target)).toBe(layout.DECLINED);
  });

  it("reads the nearest double of 20,000 random ones, whatever the number of digits up to 19", () => {
    const random = new Randomness(3);
    const { write } = setNode(parseColumnType("Float64"), "strict");
    const written = new DataView(kernel.memory.buffer, target, 8);
    for (let count = 0; count < 20_000; count++) {
      const exponent = random.below(680) - 345;
      const text = `${random.below(1e9)}${random.below(1e9)}e${exponent}`.replace(/^0+(?=\d)/, "");
      const wanted = Number(text);
      const code = kernel[write](node, layout.KIND_NUMBER, source, place(text), target);
      const found = code === layout.OK ? written.getFloat64(0, true) : Number.POSITIVE_INFINITY;
      if (found !== wanted) expect({ text, code, found }).toEqual({ text, code, found: wanted });
    }
  });
});

describe("powers of ten", () => {
  it("are the 128 leading bits of the powers of five, rounded up from -1 to -27", () => {
    for (let q = -342; q <= 308; q++) {
      const five = 5n ** BigInt(Math.abs(q));
      const long = q < 0 ? 2n ** 1100n / five : five << 128n;
      const leading = long >> BigInt(long.toString(2).length - 128);
      const wanted = leading + (q < 0 && q >= -27 ? 1n : 0n);
      const found = (BigInt.asUintN(64, kernel.powerHigh(q)) << 64n) | BigInt.asUintN(64, kernel.powerLow(q));
      expect({ q, found }).toEqual({ q, found: wanted });
    }
  });
});

describe("small integers", () => {
  it("reads plain integers of up to 15 digits and nothing else", () => {
    const random = new Randomness(4);
    for (let count = 0; count < 20_000; count++) {
      const text = numberText(random);
      const wanted = /^-?\d{1,15}$/.test(text) ? BigInt(text) : -(2n ** 63n);
      const found = kernel.readSmallInteger(source, place(text, 0x30 + random.below(10)));
      if (found !== wanted) expect({ text, found }).toEqual({ text, found: wanted });
    }
  });

  it("writes decimal digits", () => {
    const random = new Randomness(5);
    const edges = [0n, 9n, 10n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 10n ** 18n, 10n ** 18n - 1n, -(10n ** 18n)];
    for (let count = 0; count < 5_000; count++) {
      const bits = BigInt(random.below(0xffff_ffff)) * 0x1_0000_0001n;
      const value = edges[count] ?? BigInt.asIntN(64, bits) >> BigInt(random.below(64));
      const end = kernel.writeDecimalText(value, target);
      expect(Buffer.from(kernel.memory.buffer, target, end - target).toString()).toBe(String(value));
    }
  });
});
