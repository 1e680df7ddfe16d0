import { BATCH_HEADER_BYTES, LOG_APPEND_TIME_BIT } from "../../../core/record-batch-header.ts";
import { type BatchHeader, readBatchHeader } from "../../records-header.ts";
import { makeBatch, type RecordInit } from "../../testing/record-batch.ts";
import type { Randomness } from "./randomness.ts";

export interface RecordSection {
  header: BatchHeader;
  records: Uint8Array;
}

/** The records of a batch, sound but for one lie in twenty: deltas and lengths of one, two and more bytes. */
export function recordSection(random: Randomness): RecordSection {
  let offset = random.oneIn(3) ? random.below(20_000) : 0;
  const inits: RecordInit[] = Array.from({ length: random.below(6) }, () => {
    const offsetDelta = offset;
    offset += random.oneIn(4) ? 1 + random.below(300) : 1;
    if (random.oneIn(100)) offset -= 2;
    return {
      offsetDelta,
      timestampDelta: timestampDelta(random),
      key: random.oneIn(2) ? null : random.bytes(random.length()),
      value: random.oneIn(5) ? null : random.bytes(random.length()),
      headers: headers(random),
    };
  });
  const times = { baseTimestampMs: 1_700_000_000_000, maxTimestampMs: 1_700_000_100_000 };
  const baseOffset = random.oneIn(2) ? random.below(1_000) : 2 ** 40 + random.below(1_000);
  const attributes = random.oneIn(4) ? LOG_APPEND_TIME_BIT : 0;
  const batch = makeBatch(inits, { ...times, attributes, baseOffset });
  const header = readBatchHeader(batch, 0, batch.length);
  if (random.oneIn(20)) header.recordCount = Math.max(0, header.recordCount + random.below(3) - 1);
  return { header, records: batch.subarray(BATCH_HEADER_BYTES) };
}

function timestampDelta(random: Randomness): number {
  const edges = [0, -1, 63, 64, -64, -65, 8_191, 8_192, -8_193, 2 ** 31, -(2 ** 33), 2 ** 52 - 1, -(2 ** 51)];
  return random.oneIn(3) ? edges[random.below(edges.length)]! : random.below(10_000) - 100;
}

function headers(random: Randomness): [string, string | null][] {
  if (!random.oneIn(3)) return [];
  return Array.from({ length: random.below(4) }, () => [
    "h".repeat(random.length()),
    random.oneIn(3) ? null : "v".repeat(random.length()),
  ]);
}
