import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EngineOracle, openEngineOracle } from "../../../testing/engine-oracle.ts";
import { compareBytes, engineBytes, ownRows, selectOf, storedRows } from "../../../testing/hostile/golden-bytes.ts";
import { goldenValues } from "../../../testing/hostile/golden-values.ts";

/** The engine writes SQL values as RowBinary; kernel and reference get the same values as JSON. */
let oracle: EngineOracle;
beforeAll(() => {
  oracle = openEngineOracle();
});
afterAll(() => oracle.close());

describe("RowBinary", () => {
  it.each(Object.entries(goldenValues))("%s: the bytes are the engine's own", (type, values) => {
    const sql = values.map(([value]) => value);
    const expected = engineBytes(oracle, selectOf(type, sql), "RowBinary");
    expect(expected.length).toBeGreaterThan(0);
    const json = values.map(([, value]) => value);
    for (const { transcoder, bytes } of ownRows(type, json, "RowBinary")) {
      expect(compareBytes(bytes, expected), transcoder).toBe("same");
      expect(compareBytes(storedRows(oracle, type, bytes, "RowBinary"), expected), `${transcoder}, stored`).toBe(
        "same",
      );
    }
  });

  it.each(["Int32", "String"])("%s: one wrong byte is seen, in the bytes and in the stored rows", (type) => {
    const values = goldenValues[type]!;
    const sql = values.map(([value]) => value);
    const expected = engineBytes(oracle, selectOf(type, sql), "RowBinary");
    const wrong = expected.slice();
    wrong[wrong.length - 1]! ^= 1;
    expect(compareBytes(wrong, expected)).toContain("from byte");
    expect(compareBytes(storedRows(oracle, type, wrong, "RowBinary"), expected)).toContain("from byte");
    expect(compareBytes(expected.slice(0, -1), expected)).toContain("from byte");
  });
});
