import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EngineOracle, openEngineOracle } from "../../testing/engine-oracle.ts";
import {
  compareBytes,
  engineBytes,
  nativeParts,
  ownRows,
  selectOf,
  storedRows,
} from "../../testing/hostile/golden-bytes.ts";
import { goldenDictionaries, goldenValues } from "../../testing/hostile/golden-values.ts";

/** The engine writes SQL values as a Native block; kernel and reference get the same values as JSON. */
let oracle: EngineOracle;
beforeAll(() => {
  oracle = openEngineOracle();
});
afterAll(() => oracle.close());

/** What lies under a NULL nobody reads: the engine puts the lowest name of an Enum there, we put zeros as ever. */
const otherUnderNull = new Set(["Nullable(Enum8('a' = 1, 'b' = 2))"]);

/** Both transcoders' blocks are the engine's to the last byte, and insert the rows that the engine has. */
function expectEngineBlocks(type: string, select: string, json: string[]): void {
  const wanted = nativeParts(engineBytes(oracle, select, "Native"));
  const rows = engineBytes(oracle, select, "RowBinary");
  expect(rows.length).toBeGreaterThan(0);
  for (const { transcoder, bytes } of ownRows(type, json, "Native")) {
    const found = nativeParts(bytes);
    expect([found.name, found.type], transcoder).toEqual([wanted.name, wanted.type]);
    expect(compareBytes(found.counts, wanted.counts), transcoder).toBe("same");
    if (!otherUnderNull.has(type)) expect(compareBytes(found.data, wanted.data), transcoder).toBe("same");
    expect(compareBytes(storedRows(oracle, type, bytes, "Native"), rows), `${transcoder}, stored`).toBe("same");
  }
}

describe("Native", () => {
  it.each(Object.entries(goldenValues))("%s: the block is the engine's own, byte for byte", (type, values) => {
    const sql = values.map(([value]) => value);
    const json = values.map(([, value]) => value);
    expectEngineBlocks(type, selectOf(type, sql), json);
  });

  // Well beyond the number of keys where the index gets wider, so that the engine and we use the same width.
  it.each(goldenDictionaries)("$type with $count distinct values, each twice", ({ type, count, sql, json }) => {
    const numbers = `SELECT number % ${count} AS number FROM numbers(${2 * count})`;
    const values = Array.from({ length: 2 * count }, (_, index) => json(index % count));
    expectEngineBlocks(type, `SELECT CAST(${sql}, '${type}') AS c0 FROM (${numbers})`, values);
  });
});
