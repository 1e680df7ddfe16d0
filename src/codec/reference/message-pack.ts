import { addExtension, Unpackr } from "msgpackr/unpack";
import { rejectField } from "./column.ts";
import { headBytes, isText, messagePackLevelsMax, viewOf, walkMessagePack } from "./message-pack-walk.ts";
import { Timestamp } from "./time/timestamp.ts";

const TIMESTAMP = -1;
const EVENT_TIME = 0;

// The decoder's own readers of these two types give milliseconds and `undefined`. They belong to the whole process, in
// which nothing but this file decodes.
addExtension({ type: TIMESTAMP & 0xff, unpack: readTimestamp });
addExtension({ type: EVENT_TIME, unpack: readEventTime });

// Integers beyond 2^53 come as bigint, so none is rounded.
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "auto" });

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * True for the first byte of a map or an array: no JSON text begins so. 0x80 to 0x9f continue a UTF-8 sequence, and
 * 0xdc to 0xdf begin one.
 */
export function isMessagePack(firstByte: number): boolean {
  return (firstByte >= 0x80 && firstByte <= 0x9f) || (firstByte >= 0xdc && firstByte <= 0xdf);
}

/** The types of whole numbers. */
export function isIntegerType(type: number): boolean {
  return type <= 0x7f || type >= 0xe0 || (type >= 0xcc && type <= 0xd3);
}

/**
 * Decodes a value. The decoder takes what is no UTF-8, and extensions that mean something to JavaScript programs only, so
 * all leaves are looked at first.
 *
 * @throws FieldError `nesting_too_deep`, `invalid_utf8`, `msgpack_extension`, `msgpack_parse_failed`.
 */
export function readMessagePack(bytes: Uint8Array): { content: unknown; wholeFloats: Set<number> } {
  const view = viewOf(bytes);
  const wholeFloats = new Set<number>();
  const isTooDeep = walkMessagePack(bytes, (type, at, end) => {
    if (isText(type)) checkText(bytes, at, at + headBytes(type), end);
    else if (type === 0xca || type === 0xcb) {
      const value = type === 0xca ? view.getFloat32(at + 1) : view.getFloat64(at + 1);
      if (Number.isInteger(value)) wholeFloats.add(value);
    } else if ((type >= 0xc7 && type <= 0xc9) || (type >= 0xd4 && type <= 0xd8)) {
      checkExtension(view, at, at + headBytes(type), end);
    }
  });
  if (isTooDeep) {
    rejectField("nesting_too_deep", `the value is MessagePack with more than ${messagePackLevelsMax} levels`);
  }
  try {
    return { content: unpackr.unpack(bytes), wholeFloats };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return rejectField("msgpack_parse_failed", `the value of ${bytes.length} bytes is not MessagePack: ${reason}`);
  }
}

function checkText(bytes: Uint8Array, at: number, start: number, end: number): void {
  let next = start;
  while (next < end && bytes[next]! < 0x80) next++;
  if (next === end) return;
  try {
    utf8.decode(bytes.subarray(next, end));
  } catch {
    rejectField(
      "invalid_utf8",
      `the text of ${end - start} bytes at byte ${at} is not UTF-8; bytes that are no text are bin`,
    );
  }
}

function checkExtension(view: DataView, at: number, start: number, end: number): void {
  const type = view.getInt8(start - 1);
  const length = end - start;
  const isTimestamp = type === TIMESTAMP && (length === 4 || length === 8 || length === 12);
  const isEventTime = type === EVENT_TIME && length === 8;
  if (!isTimestamp && !isEventTime) {
    rejectField(
      "msgpack_extension",
      `extension type ${type} with ${length} bytes at byte ${at}; known are -1 with 4, 8 or 12 bytes (timestamp) and 0 with ` +
        "8 bytes (Fluentd's EventTime)",
    );
  }
  const payload = new Uint8Array(view.buffer, view.byteOffset + start, length);
  const { nanos } = isTimestamp ? readTimestamp(payload) : readEventTime(payload);
  if (nanos > 999_999_999) rejectField("msgpack_extension", `the time at byte ${at} has ${nanos} nanoseconds`);
}

/** Timestamp 32, 64 and 96 of the specification. */
function readTimestamp(payload: Uint8Array): Timestamp {
  const view = viewOf(payload);
  if (payload.length === 4) return new Timestamp(view.getUint32(0), 0);
  if (payload.length === 12) return new Timestamp(Number(view.getBigInt64(4)), view.getUint32(0));
  const high = view.getUint32(0);
  return new Timestamp((high % 4) * 2 ** 32 + view.getUint32(4), Math.floor(high / 4));
}

/** Seconds and nanoseconds, 32 bits each (https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1). */
function readEventTime(payload: Uint8Array): Timestamp {
  const view = viewOf(payload);
  return new Timestamp(view.getUint32(0), view.getUint32(4));
}
