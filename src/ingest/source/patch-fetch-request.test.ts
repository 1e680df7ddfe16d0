import fc from "fast-check";
import { expect, it } from "vitest";
import { encodeFetch, originalFetchRequest } from "./patch-fetch-request.ts";

const int32 = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const offset = fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.maxSafeNat()).map(String);
const partitions = fc.array(fc.record({ partition: int32, fetchOffset: offset, maxBytes: int32 }), { maxLength: 40 });
const topics = fc.array(fc.record({ topic: fc.string({ maxLength: 249 }), partitions }), { maxLength: 5 });
const limits = { replicaId: fc.constant(-1), maxWaitTime: int32, minBytes: int32, maxBytes: int32 };
const request = fc.record({
  ...limits,
  isolationLevel: fc.constantFrom(0, 1),
  topics,
  rackId: fc.constantFrom("", "a"),
});

it("encodeFetch() writes the bytes that kafkajs writes", async () => {
  await fc.assert(
    fc.asyncProperty(request, async (fields) => {
      const own = encodeFetch(fields);
      const original = await originalFetchRequest(fields).encode();
      expect(own.buf.subarray(0, own.offset)).toEqual(original.buf.subarray(0, original.offset));
    }),
  );
});
