import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { cutBatches } from "../../operate/dead-letters/replay.ts";
import { messageOf, VALUE_BYTES_MAX } from "./message.ts";
import { createDeadLetterTopic, splitIntoRequests } from "./topic.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const row = {
  error_type: bytes("field_range"),
  error_message: bytes("column amount: 300"),
  pipeline: bytes("events"),
  topic: bytes("logs.auth"),
  kafka_partition: 2,
  kafka_offset: 17,
  service: null,
  created_ts: 1_780_000_000_123,
  raw_json: bytes('{"amount":300}'),
};

describe("messageOf()", () => {
  it("has the fields of the dead-letter envelope, and the coordinates as its key", () => {
    const { key, value, headers } = messageOf(row);
    expect(key).toBe("logs.auth:2:17");
    expect(headers).toEqual({ error_type: "field_range", pipeline: "events" });
    expect(JSON.parse(value)).toEqual({
      error_type: "field_range",
      error_message: "column amount: 300",
      service: null,
      event_id: null,
      request_id: null,
      source_topic: "logs.auth",
      source_partition: 2,
      source_offset: 17,
      source_key: null,
      created_ms: 1_780_000_000_123,
      raw_json: '{"amount":300}',
    });
  });

  it("keeps bytes that are not UTF-8", () => {
    expect(JSON.parse(messageOf({ ...row, raw_json: Uint8Array.of(0xff, 0) }).value)).toMatchObject({
      raw_base64: "/wA=",
    });
  });

  it.each([
    ["long", bytes("x".repeat(2_000_000))],
    ["longer when it is escaped", new Uint8Array(300_000).fill(1)],
  ])("stays below what a broker takes when the document is %s", (_name, raw) => {
    const { value } = messageOf({ ...row, raw_json: raw });
    expect(value.length).toBeLessThanOrEqual(VALUE_BYTES_MAX);
    const { raw_base64, raw_bytes } = JSON.parse(value);
    expect(raw_bytes).toBe(raw.length);
    const kept = Buffer.from(raw_base64, "base64");
    expect(kept.equals(Buffer.from(raw).subarray(0, kept.length))).toBe(true);
    expect(kept.length).toBeGreaterThan(Math.min(raw.length, 650_000) - 1);
  });
});

describe("batches", () => {
  it("of letters end at a number of letters or of bytes; a longer letter is alone", () => {
    const letters = [1, 1, 1, 20_000_000, 1].map((rawBytes, offset) => ({
      topic: "t",
      partition: 0,
      offset,
      pipeline: "p",
      cluster: "",
      group: "",
      rawBytes,
    }));
    expect([...cutBatches(letters, 2)].map((batch) => batch.map(({ offset }) => offset))).toEqual([
      [0, 1],
      [2],
      [3],
      [4],
    ]);
  });

  it("of messages end before a broker's limit", () => {
    const messages = [400_000, 400_000, 400_000, 1].map((byteLength) => ({ ...messageOf(row), byteLength }));
    expect([...splitIntoRequests(messages)].map((request) => request.length)).toEqual([2, 2]);
  });
});

describe("createDeadLetterTopic()", () => {
  it("refuses a topic that the process reads itself", () => {
    const log = pino({ level: "silent" });
    const kafka = { brokers: ["127.0.0.1:1"] };
    const options = { kafka, topic: "logs.dlq", ownTopics: ["logs.dlq"], plans: [], log };
    expect(() => createDeadLetterTopic(options)).toThrow(/each would come back/);
  });
});
