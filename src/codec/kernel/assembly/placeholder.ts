import { instantSeconds } from "./instant";
import { KIND_NUMBER, KIND_STRING, NODE_TIME_FORMAT, NODE_ZONE, OK } from "./layout";
import { NO_UNIT, readTime, unitScaleOf } from "./read-time";
import { readEpochNumber } from "./read-time-epoch";

/** 0002-01-01 and 9999-01-01 (src/codec/reference/columns/placeholder-time.ts). */
const LEAST_SECONDS: i64 = -62_104_060_800;
const END_SECONDS: i64 = 253_370_764_800;

/**
 * True for a time that stands for none. One that is missed here (with an escape, or in a rare shape) is out of its type's
 * range, which sends the record to the reference.
 */
export function isPlaceholder(node: usize, kind: u32, start: usize, end: usize): bool {
  const format = <u32>load<u8>(node, NODE_TIME_FORMAT);
  let outcome: u32;
  if (kind == KIND_STRING) {
    outcome = readTime(format, start, end, <usize>load<u32>(node, NODE_ZONE));
  } else {
    const unitScale = unitScaleOf(format);
    if (kind != KIND_NUMBER || unitScale == NO_UNIT) return false;
    outcome = readEpochNumber(start, end, unitScale);
  }
  return outcome == OK && (instantSeconds < LEAST_SECONDS || instantSeconds >= END_SECONDS);
}
