import { readInt64 } from "../../core/int64.ts";
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  BATCH_HEADER_BYTES,
  CONTROL_BIT,
  LAST_OFFSET_DELTA_AT,
  LENGTH_AT,
  LENGTH_EXCLUDES_BYTES,
  PRODUCER_ID_AT,
  RECORD_COUNT_AT,
  TRANSACTIONAL_BIT,
} from "../../core/record-batch-header.ts";
import { readerOf } from "./response-frames.ts";

/** One record batch of the answer to a fetch, not decoded. */
export interface FetchedBatch {
  firstOffset: number;
  lastOffset: number;
  /** From the batch header. */
  recordCount: number;
  /** The whole batch: a view of the answer. */
  bytes: Buffer;
  /** Of a batch of a transaction: whose. */
  producerId: bigint | undefined;
  /** Of a control batch. */
  endsTransaction: "committed" | "aborted" | undefined;
  /** The batch's transaction was taken back: its records do not count. */
  isAborted: boolean;
  /** To be called when `bytes` are not read any more; undefined when the answer's memory is not used again. */
  release: (() => void) | undefined;
}

/** Version and type of a control record; type 0 ends a transaction that is taken back (KIP-98). */
const CONTROL_KEY = { typeAt: 2, byteLength: 4, abort: 0 };

/**
 * Reads the batch that begins at `at`; undefined when the buffer ends inside it, as it may: a broker cuts its answer at the
 * limit that it was given. An offset is below 2^53: so many records in one partition do not happen.
 */
export function readFetchedBatch(buffer: Buffer, at: number): FetchedBatch | undefined {
  if (buffer.length - at < BATCH_HEADER_BYTES) return undefined;
  const byteLength = LENGTH_EXCLUDES_BYTES + buffer.readInt32BE(at + LENGTH_AT);
  if (byteLength < BATCH_HEADER_BYTES || buffer.length - at < byteLength) return undefined;
  const attributes = buffer.readInt16BE(at + ATTRIBUTES_AT);
  const firstOffset = readInt64(buffer, at + BASE_OFFSET_AT);
  const inTransaction = (attributes & TRANSACTIONAL_BIT) !== 0;
  return {
    firstOffset,
    lastOffset: firstOffset + buffer.readInt32BE(at + LAST_OFFSET_DELTA_AT),
    recordCount: buffer.readInt32BE(at + RECORD_COUNT_AT),
    bytes: buffer.subarray(at, at + byteLength),
    producerId: inTransaction ? buffer.readBigInt64BE(at + PRODUCER_ID_AT) : undefined,
    endsTransaction: (attributes & CONTROL_BIT) !== 0 ? endOf(buffer.subarray(at, at + byteLength)) : undefined,
    isAborted: false,
    release: readerOf(buffer),
  };
}

/** What a control batch says: one record, never compressed. */
function endOf(batch: Buffer): "committed" | "aborted" {
  let at = behindVarint(batch, BATCH_HEADER_BYTES) + 1; // length, attributes
  at = behindVarint(batch, behindVarint(batch, at)); // time, offset
  const keyAt = behindVarint(batch, at);
  const isWhole = batch.length >= keyAt + CONTROL_KEY.byteLength;
  return isWhole && batch.readInt16BE(keyAt + CONTROL_KEY.typeAt) === CONTROL_KEY.abort ? "aborted" : "committed";
}

function behindVarint(bytes: Buffer, at: number): number {
  let end = at;
  while ((bytes[end++] ?? 0) >= 0x80);
  return end;
}

/** What the broker says of aborted transactions in its answer for one partition. */
export interface AbortedTransaction {
  firstOffset: string;
  producerId: string;
}

/**
 * Marks the batches of aborted transactions.
 *
 * kafkajs takes one transaction off the broker's list for each message, in the list's order, which is that of the
 * transactions' ends: with two that overlap it lets messages through, and here a message is a whole batch. What it filters,
 * nobody hears of, and the offsets would be missing.
 */
export function markAborted(batches: readonly FetchedBatch[], transactions: readonly AbortedTransaction[]): void {
  if (transactions.length === 0) return;
  const upcoming = transactions
    .map(({ firstOffset, producerId }) => ({ firstOffset: Number(firstOffset), producerId: BigInt(producerId) }))
    .sort((a, b) => a.firstOffset - b.firstOffset);
  const aborted = new Set<bigint>();
  for (const batch of batches) {
    const { producerId, endsTransaction } = batch;
    while (upcoming[0] !== undefined && upcoming[0].firstOffset <= batch.firstOffset) {
      aborted.add(upcoming.shift()!.producerId);
    }
    if (endsTransaction === undefined) batch.isAborted = producerId !== undefined && aborted.has(producerId);
    else if (endsTransaction === "aborted" && producerId !== undefined) aborted.delete(producerId);
  }
}
