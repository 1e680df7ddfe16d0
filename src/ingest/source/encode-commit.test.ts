import { createRequire } from "node:module";
import fc from "fast-check";
import { expect, it } from "vitest";
import { type CommitFields, encodeCommit } from "./encode-commit.ts";
import type { Encoder } from "./kafkajs-encoder.ts";

const originalCommit: (fields: CommitFields) => { encode(): Promise<Encoder> } = createRequire(import.meta.url)(
  "kafkajs/src/protocol/requests/offsetCommit/v5/request.js",
);

const int32 = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const offset = fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.maxSafeNat()).map(String);
const metadata = fc.oneof(fc.string({ maxLength: 600 }), fc.string({ unit: "grapheme" }), fc.constant(null));
const partitions = fc.array(fc.record({ partition: int32, offset, metadata }), { maxLength: 40 });
const request = fc.record({
  groupId: fc.string({ maxLength: 249 }),
  groupGenerationId: int32,
  memberId: fc.string({ maxLength: 249 }),
  topics: fc.array(fc.record({ topic: fc.string({ maxLength: 249 }), partitions }), { maxLength: 5 }),
});

it("encodeCommit() writes the bytes that kafkajs writes", async () => {
  await fc.assert(
    fc.asyncProperty(request, async (fields) => {
      const own = encodeCommit(fields);
      const original = await originalCommit(fields).encode();
      expect(own.buf.subarray(0, own.offset)).toEqual(original.buf.subarray(0, original.offset));
    }),
  );
});
