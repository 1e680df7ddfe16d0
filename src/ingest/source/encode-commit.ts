import { type Encoder, KafkaEncoder, writeOffset } from "./kafkajs-encoder.ts";

/** An offset commit (https://kafka.apache.org/protocol#The_Messages_OffsetCommit, version 5), as kafkajs is asked for it. */
export interface CommitFields {
  groupId: string;
  groupGenerationId: number;
  memberId: string;
  topics: { topic: string; partitions: { partition: number; offset: string; metadata?: string | null }[] }[];
}

const HEADER_BYTES = 512;
const PARTITION_BYTES = 14;

/**
 * kafkajs writes each partition into a buffer of its own, and a commit names all that a bundle has. This writes them one
 * after the other into one. The bytes are the same.
 */
export function encodeCommit({ groupId, groupGenerationId, memberId, topics }: CommitFields): Encoder {
  const all = topics.flatMap(({ partitions }) => partitions);
  const metadataBytes = all.reduce((sum, { metadata }) => sum + (metadata?.length ?? 0), 0);
  const encoder = new KafkaEncoder(HEADER_BYTES + all.length * PARTITION_BYTES + metadataBytes);
  encoder.writeString(groupId).writeInt32(groupGenerationId).writeString(memberId).writeInt32(topics.length);
  for (const { topic, partitions } of topics) {
    encoder.writeString(topic).writeInt32(partitions.length);
    for (const { partition, offset, metadata } of partitions) {
      encoder.writeInt32(partition);
      encoder.ensureAvailable(8);
      encoder.offset = writeOffset(encoder.buf, Number(offset), encoder.offset);
      encoder.writeString(metadata ?? null);
    }
  }
  return encoder;
}
