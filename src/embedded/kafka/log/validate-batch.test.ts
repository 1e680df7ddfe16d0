import { describe, expect, it } from "vitest";
import { CONTROL_BIT, TRANSACTIONAL_BIT } from "../../../core/record-batch-header.ts";
import { kafkaError } from "../error-codes.ts";
import { makeBatch } from "../testing/batches.ts";
import { validateBatch } from "./validate-batch.ts";

const LIMIT = 1000;

function verdictOn(batch: Buffer): number {
  return validateBatch(batch, LIMIT).error;
}

function patched(at: number, value: number): Buffer {
  const batch = makeBatch();
  batch.writeInt8(value, at);
  return batch;
}

describe("validateBatch()", () => {
  it("accepts a sound batch", () => {
    expect(verdictOn(makeBatch({ recordsCount: 3 }))).toBe(kafkaError.NONE);
  });

  it.each([
    ["a flipped payload byte", patched(100, 1), kafkaError.CORRUPT_MESSAGE],
    ["a flipped CRC", patched(18, 1), kafkaError.CORRUPT_MESSAGE],
    ["fewer bytes than a header", makeBatch().subarray(0, 60), kafkaError.CORRUPT_MESSAGE],
    ["a cut batch", makeBatch().subarray(0, 100), kafkaError.CORRUPT_MESSAGE],
    ["no bytes", Buffer.alloc(0), kafkaError.CORRUPT_MESSAGE],
    ["an old message format", patched(16, 1), kafkaError.UNSUPPORTED_FOR_MESSAGE_FORMAT],
    ["an unknown format", patched(16, 3), kafkaError.CORRUPT_MESSAGE],
    ["two batches", Buffer.concat([makeBatch(), makeBatch()]), kafkaError.INVALID_RECORD],
    ["no records", makeBatch({ recordsCount: 0 }), kafkaError.INVALID_RECORD],
    ["a transaction", makeBatch({ attributes: TRANSACTIONAL_BIT }), kafkaError.INVALID_RECORD],
    ["a control batch", makeBatch({ attributes: CONTROL_BIT }), kafkaError.INVALID_RECORD],
    ["too many bytes", makeBatch({ payloadBytes: LIMIT }), kafkaError.MESSAGE_TOO_LARGE],
  ])("refuses %s", (_what, batch, error) => {
    expect(verdictOn(batch)).toBe(error);
  });
});
