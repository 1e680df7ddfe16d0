import fc from "fast-check";
import { expect, it } from "vitest";
import { readInt64 } from "./int64.ts";

it("readInt64() reads what a view reads, down to −1", () => {
  const value = fc.oneof(fc.constantFrom(-1, 0, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 1_796_000_001_000), fc.maxSafeNat());
  fc.assert(
    fc.property(value, (number) => {
      const bytes = Buffer.alloc(11);
      bytes.writeBigInt64BE(BigInt(number), 3);
      expect(readInt64(bytes, 3)).toBe(number);
    }),
  );
});
