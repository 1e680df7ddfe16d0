import type { SimulatorProfile, SimulatorRoutes } from "../../src/config/simulator-files.ts";
import { MillraceError } from "../../src/core/errors.ts";
import {
  ATTRIBUTES_AT,
  BASE_TIMESTAMP_AT,
  BATCH_HEADER_BYTES,
  COMPRESSION_LZ4,
  LENGTH_AT,
  LENGTH_EXCLUDES_BYTES,
  MAX_TIMESTAMP_AT,
} from "../../src/core/record-batch-header.ts";
import { EventGenerator } from "../../src/simulator/event-generator.ts";
import { finishRecordBatch, RecordBatchBuilder } from "../../src/simulator/record-batch.ts";
import { compressAround } from "./lz4-with-holes.ts";

export const replayCompressions = ["lz4", "none"] as const;
export type ReplayCompression = (typeof replayCompressions)[number];

/** A record batch whose event times and record time are still open. */
export interface ReplayBatch {
  bytes: Buffer;
  recordCount: number;
  /** Where the digits of an event time go, and of which record they are. An http event has two of them. */
  holePositions: Int32Array;
  holeRecords: Int32Array;
}

/** Stands for the event time while a batch is prepared: thirteen digits that nothing else in an event can be. */
const MARK_MS = 7_777_777_777_777;
const TIME_DIGITS = 13;
const mark = Buffer.from(String(MARK_MS));

const withoutProducer = { producerId: -1n, producerEpoch: -1, baseSequence: -1 };

export interface ReplaySource {
  profile: SimulatorProfile;
  routes: SimulatorRoutes;
  seed: number;
}

/**
 * Makes `batchesPerTopic` batches for each topic from the simulator's own events: seeded, in its default mode and mix,
 * without bad documents.
 *
 * @param recordsByTopic records per batch
 */
export function prepareBatches(
  source: ReplaySource,
  recordsByTopic: ReadonlyMap<string, number>,
  batchesPerTopic: number,
  compression: ReplayCompression,
): Map<string, ReplayBatch[]> {
  const generator = openGenerator(source);
  const builders = new Map([...recordsByTopic.keys()].map((topic) => [topic, new RecordBatchBuilder()]));
  const batches = new Map([...recordsByTopic.keys()].map((topic): [string, ReplayBatch[]] => [topic, []]));
  // Ends: topicShares() has seen each of these topics among the generator's.
  while ([...batches.values()].some((list) => list.length < batchesPerTopic)) {
    generator.next(MARK_MS);
    const { topic } = generator;
    const builder = builders.get(topic);
    const list = batches.get(topic);
    if (builder === undefined || list === undefined || list.length === batchesPerTopic) continue;
    builder.append(0, null, generator.bytes, generator.length);
    if (builder.recordCount < recordsByTopic.get(topic)!) continue;
    const { recordCount } = builder;
    list.push(openBatch(builder.seal("none"), recordCount, compression));
  }
  return batches;
}

/** Share of the events that each topic gets, measured on the generator itself. */
export function topicShares(source: ReplaySource): Map<string, number> {
  const sampleSize = 20_000;
  const generator = openGenerator(source);
  const counts = new Map<string, number>();
  for (let index = 0; index < sampleSize; index++) {
    generator.next(MARK_MS);
    counts.set(generator.topic, (counts.get(generator.topic) ?? 0) + 1);
  }
  return new Map([...counts].map(([topic, count]) => [topic, count / sampleSize]));
}

function openGenerator({ profile, routes, seed }: ReplaySource): EventGenerator {
  return new EventGenerator({ profile, routes, seed, mode: "domain", eventId: "random", badRate: 0, badKinds: [] });
}

function openBatch(batch: Buffer, recordCount: number, compression: ReplayCompression): ReplayBatch {
  const body = batch.subarray(BATCH_HEADER_BYTES);
  const holes = findHoles(body);
  const holeRecords = recordOfHoles(body, holes, recordCount);
  if (compression === "none") {
    return { bytes: batch, recordCount, holePositions: holes.map((hole) => hole + BATCH_HEADER_BYTES), holeRecords };
  }
  const { frame, positions } = compressAround(body, holes, TIME_DIGITS);
  const bytes = Buffer.concat([batch.subarray(0, BATCH_HEADER_BYTES), frame]);
  bytes.writeInt32BE(bytes.length - LENGTH_EXCLUDES_BYTES, LENGTH_AT);
  bytes.writeInt16BE(COMPRESSION_LZ4, ATTRIBUTES_AT);
  return { bytes, recordCount, holePositions: positions.map((hole) => hole + BATCH_HEADER_BYTES), holeRecords };
}

function findHoles(body: Buffer): Int32Array {
  const holes: number[] = [];
  for (let hole = body.indexOf(mark); hole >= 0; hole = body.indexOf(mark, hole + TIME_DIGITS)) holes.push(hole);
  return Int32Array.from(holes);
}

/** Walks the record lengths (zigzag varints) to tell which record each hole lies in. */
function recordOfHoles(body: Buffer, holes: Int32Array, recordCount: number): Int32Array {
  const records = new Int32Array(holes.length);
  let offset = 0;
  let hole = 0;
  for (let record = 0; record < recordCount; record++) {
    let zigzag = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = body[offset++]!;
      zigzag |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    offset += zigzag >>> 1;
    const before = hole;
    while (hole < holes.length && holes[hole]! < offset) records[hole++] = record;
    if (hole === before)
      throw new MillraceError("E_CONFIG", `event ${record} of a replay batch has no time of its own`);
  }
  return records;
}

/** Digits of the last millisecond written: neighbours in a batch mostly share it. */
const digits = new Uint8Array(TIME_DIGITS);
let digitsMs = -1;

/**
 * A copy of the batch with its times set, ready to send: record `i` happened at `fromMs + i × stepMs`, all were handed
 * to Kafka at `recordMs`.
 */
export function stampBatch(batch: ReplayBatch, fromMs: number, stepMs: number, recordMs: number): Buffer {
  const bytes = Buffer.from(batch.bytes);
  const { holePositions, holeRecords } = batch;
  for (let hole = 0; hole < holePositions.length; hole++) {
    writeTime(bytes, holePositions[hole]!, Math.floor(fromMs + holeRecords[hole]! * stepMs));
  }
  bytes.writeBigInt64BE(BigInt(recordMs), BASE_TIMESTAMP_AT);
  bytes.writeBigInt64BE(BigInt(recordMs), MAX_TIMESTAMP_AT);
  finishRecordBatch(bytes, withoutProducer);
  return bytes;
}

function writeTime(bytes: Buffer, offset: number, timeMs: number): void {
  if (timeMs !== digitsMs) {
    digitsMs = timeMs;
    let rest = timeMs;
    for (let index = TIME_DIGITS - 1; index >= 0; index--) {
      const quotient = Math.floor(rest / 10);
      digits[index] = 0x30 + (rest - quotient * 10);
      rest = quotient;
    }
  }
  for (let index = 0; index < TIME_DIGITS; index++) bytes[offset + index] = digits[index]!;
}
