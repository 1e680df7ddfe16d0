import { createRequire } from "node:module";
import { type Encoder, KafkaEncoder, writeOffset } from "./kafkajs-encoder.ts";

/** What kafkajs asks a broker for (https://kafka.apache.org/protocol#The_Messages_Fetch, version 11). */
interface FetchFields {
  replicaId: number;
  maxWaitTime: number;
  minBytes: number;
  maxBytes: number;
  isolationLevel: number;
  topics: { topic: string; partitions: FetchedFrom[] }[];
  rackId?: string;
}

interface FetchedFrom {
  partition: number;
  fetchOffset: string;
  maxBytes: number;
}

const require = createRequire(import.meta.url);
const requestPath = require.resolve("kafkajs/src/protocol/requests/fetch/v11/request.js");

const PARTITION_BYTES = 28;
const HEADER_BYTES_MAX = 512;
const NO_EPOCH = -1;
const NO_SESSION = 0;
const WHOLE_FETCH = -1;

/**
 * kafkajs writes each partition of a fetch into a buffer of its own, half a kilobyte cleared and collected for 28 bytes, and
 * a fetch names all partitions every time. This writes them one after the other into one. The bytes are the same.
 */
export function encodeFetch(fields: FetchFields): Encoder {
  const count = fields.topics.reduce((sum, { partitions }) => sum + partitions.length, 0);
  const encoder = new KafkaEncoder(HEADER_BYTES_MAX + count * PARTITION_BYTES);
  encoder.writeInt32(fields.replicaId).writeInt32(fields.maxWaitTime).writeInt32(fields.minBytes);
  encoder.writeInt32(fields.maxBytes).writeInt8(fields.isolationLevel);
  encoder.writeInt32(NO_SESSION).writeInt32(WHOLE_FETCH).writeInt32(fields.topics.length);
  for (const { topic, partitions } of fields.topics) {
    encoder.writeString(topic).writeInt32(partitions.length);
    for (const from of partitions) writePartition(encoder, from);
  }
  const forgottenTopics = 0;
  return encoder.writeInt32(forgottenTopics).writeString(fields.rackId ?? "");
}

function writePartition(encoder: Encoder, { partition, fetchOffset, maxBytes }: FetchedFrom): void {
  encoder.ensureAvailable(PARTITION_BYTES);
  const { buf, offset: at } = encoder;
  buf.writeInt32BE(partition, at);
  buf.writeInt32BE(NO_EPOCH, at + 4);
  writeOffset(buf, Number(fetchOffset), at + 8);
  buf.writeInt32BE(-1, at + 16); // where a follower's log starts: eight bytes, of no meaning here
  buf.writeInt32BE(-1, at + 20);
  buf.writeInt32BE(maxBytes, at + 24);
  encoder.offset = at + PARTITION_BYTES;
}

/** kafkajs' own, for tests. */
export const originalFetchRequest: (fields: FetchFields) => { encode(): Promise<Encoder> } =
  require("kafkajs/src/protocol/requests/fetch/v11/request.js");

require.cache[requestPath]!.exports = (fields: FetchFields) => ({
  ...originalFetchRequest(fields),
  encode: async () => encodeFetch(fields),
});
