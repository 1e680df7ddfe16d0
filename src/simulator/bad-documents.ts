import type { BadKind } from "../config/simulator-words.ts";
import type { Random } from "./random.ts";

/** Just below Kafka's default `max.message.bytes` (1,048,588 with the batch's own header). */
const oversizeBytes = 1_048_000;
const nestingLevels = 200;

/** Times in ms that no event can have: 1970, and the year 2200. */
const absurdTimes = [0, 7_258_118_400_000];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Spoils a good document in one way. Slow compared with a good one: bad ones are few.
 *
 * @returns the record's value; null for a tombstone.
 */
export function spoilDocument(kind: BadKind, good: Uint8Array, random: Random): Uint8Array | null {
  const text = decoder.decode(good);
  switch (kind) {
    case "not-json":
      return encoder.encode("GET /index.html HTTP/1.1 200 512");
    case "truncated":
      return good.slice(0, random.between(1, good.length - 1));
    case "invalid-utf8":
      return spoilUtf8(good);
    case "empty":
      return new Uint8Array(0);
    case "tombstone":
      return null;
    case "nul-bytes":
      return new Uint8Array(random.between(1, 64));
    case "json-string":
      return encoder.encode('"only a string"');
    case "json-number":
      return encoder.encode("42");
    case "json-array":
      return encoder.encode(`[${text}]`);
    case "double-encoded":
      return encoder.encode(JSON.stringify(text));
    case "oversize":
      return encoder.encode(withField(text, `"padding":"${"x".repeat(oversizeBytes - good.length - 13)}"`));
    default:
      return encoder.encode(spoilField(kind, text, random));
  }
}

function spoilField(kind: BadKind, text: string, random: Random): string {
  switch (kind) {
    case "wrong-type":
      return text.replace(/"user_id":"[^"]*"/, '"user_id":{"id":[1,2,3]}');
    case "out-of-range":
      return withField(text, '"status_code":99999999999');
    case "event-time-absent":
      return text.replace(/"(?:ts_ms|timestamp_ms)":\d+,/g, "");
    case "event-time-absurd":
      return text.replace(/"(ts_ms|timestamp_ms)":\d+/g, `"$1":${absurdTimes[random.between(0, 1)]}`);
    case "unknown-field":
      return withField(text, '"never_heard_of":{"a":[true,null,"b"]}');
    case "duplicate-key":
      return withField(text, '"request_id":"req_ffffffffffff"');
    case "nested":
      return withField(text, `"deep":${"[".repeat(nestingLevels)}${"]".repeat(nestingLevels)}`);
    case "service-missing":
      return text.replace(/"service":"[^"]*",/, "");
    case "service-unknown":
      return text.replace(/"service":"[^"]*"/, '"service":"nobody"');
    default:
      throw new TypeError(`no such kind of bad document: ${kind}`);
  }
}

/** Appends a field to an object's text. */
function withField(text: string, field: string): string {
  return `${text.slice(0, -1)},${field}}`;
}

/** Puts a byte that can begin no character into the value of the request id. */
function spoilUtf8(good: Uint8Array): Uint8Array {
  const spoiled = good.slice();
  const at = decoder.decode(good).indexOf('"req_') + 5;
  spoiled[at] = 0xff;
  return spoiled;
}
