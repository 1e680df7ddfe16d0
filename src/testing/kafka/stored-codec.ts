import { once } from "node:events";
import { connect } from "node:net";
import { MillraceError } from "../../core/errors.ts";
import {
  ATTRIBUTES_AT,
  COMPRESSION_BITS,
  compressionNames,
  LENGTH_AT,
  LENGTH_EXCLUDES_BYTES,
} from "../../core/record-batch-header.ts";
import type { Codec } from "./client.ts";

const FETCH = 1;
/** The oldest version that Apache Kafka 4 answers; nothing in it is compact or tagged. */
const FETCH_VERSION = 4;

/**
 * librdkafka sends a batch uncompressed when compression would make it longer, and how many records a batch gets is a
 * matter of timing: of one or two sample records. From this size on every codec makes a batch of them much shorter.
 */
const ALWAYS_COMPRESSES_BYTES = 1_024;

/**
 * The codecs of the record batches in the first megabyte of a partition, as the broker hands them out: proof that a
 * producer compressed as it was told. Without the uncompressed batches that are too small to tell. Throws `E_KAFKA` on
 * an error code.
 */
export async function storedCodecs(brokers: string, topic: string, partition: number): Promise<Set<Codec>> {
  const [host, port] = brokers.split(":");
  const socket = connect(Number(port), host);
  try {
    await once(socket, "connect");
    socket.write(fetchRequest(topic, partition));
    let answer = Buffer.alloc(0);
    for await (const chunk of socket) {
      answer = Buffer.concat([answer, chunk as Buffer]);
      if (answer.length >= 4 && answer.length >= 4 + answer.readInt32BE(0)) break;
    }
    return codecsOf(batchesOf(answer, topic));
  } finally {
    socket.destroy();
  }
}

function fetchRequest(topic: string, partition: number): Buffer {
  const name = Buffer.from(topic);
  const frame = Buffer.alloc(67 + name.length);
  let at = frame.writeInt32BE(frame.length - 4, 0);
  at = frame.writeInt16BE(FETCH, at);
  at = frame.writeInt16BE(FETCH_VERSION, at);
  at = frame.writeInt32BE(1, at); // correlation id
  at = frame.writeInt16BE(-1, at); // no client id
  at = frame.writeInt32BE(-1, at); // replica: a client
  at = frame.writeInt32BE(1_000, at); // maximum wait in milliseconds
  at = frame.writeInt32BE(1, at); // minimum bytes
  at = frame.writeInt32BE(1 << 20, at); // maximum bytes
  at = frame.writeInt8(0, at); // isolation: read uncommitted
  at = frame.writeInt32BE(1, at); // topics
  at = frame.writeInt16BE(name.length, at);
  at += name.copy(frame, at);
  at = frame.writeInt32BE(1, at); // partitions
  at = frame.writeInt32BE(partition, at);
  at = frame.writeBigInt64BE(0n, at); // offset
  frame.writeInt32BE(1 << 20, at); // maximum bytes of the partition
  return frame;
}

function batchesOf(answer: Buffer, topic: string): Buffer {
  // Size, correlation id, throttle time, topics, name, partitions, partition; then the error code.
  let at = 4 + 4 + 4 + 4 + (2 + Buffer.byteLength(topic)) + 4 + 4;
  const error = answer.readInt16BE(at);
  if (error !== 0) throw new MillraceError("E_KAFKA", `Fetch of ${topic} was answered with error code ${error}`);
  at += 2 + 8 + 8; // high watermark, last stable offset
  const aborted = Math.max(0, answer.readInt32BE(at)); // null is -1
  at += 4 + aborted * 16;
  const bytes = Math.max(0, answer.readInt32BE(at)); // null is -1
  return answer.subarray(at + 4, at + 4 + bytes);
}

/** The codecs of record batches one behind the other, without uncompressed batches that are too small to tell. */
export function codecsOf(batches: Buffer): Set<Codec> {
  const codecs = new Set<Codec>();
  // The last batch may be cut off; its header counts all the same.
  for (let at = 0; at + ATTRIBUTES_AT + 2 <= batches.length; ) {
    const size = LENGTH_EXCLUDES_BYTES + batches.readInt32BE(at + LENGTH_AT);
    const codec = compressionNames[batches.readInt16BE(at + ATTRIBUTES_AT) & COMPRESSION_BITS]!;
    if (codec !== "none" || size >= ALWAYS_COMPRESSES_BYTES) codecs.add(codec);
    at += size;
  }
  return codecs;
}
