import type { TopicPartition } from "../../core/topic-partition.ts";
import { FRAME_BYTES, MARK_BYTES, RANGE_BYTES_MAX } from "./intents.ts";
import { LISTED_MEMBERS_MAX } from "./ledger.ts";

/**
 * How large a commit may be. The coordinator appends a request's offsets to its own topic as one batch, and refuses the
 * whole request (INVALID_COMMIT_OFFSET_SIZE) when that is larger than `message.max.bytes`: by default a hundredth of what
 * a request may be, and less than what 256 full texts take.
 */
const BATCH_BYTES_MAX = 1_048_588;
/** Header of a record batch. */
const BATCH_HEADER_BYTES = 61;
export const COMMIT_BYTES_MAX = BATCH_BYTES_MAX - BATCH_HEADER_BYTES;

/**
 * Of each partition beside the names and the text. The record: length 3, attributes 1, two deltas 4, lengths of key and
 * value 6, headers 1. Its key: version 2, two lengths of names 4, partition 4. Its value, of whichever version is longest
 * (4, with a topic id in a tagged field): version 2, offset 8, leader epoch 4, length of the text 3, time 8, tag 19.
 */
const RECORD_BYTES = 3 + 1 + 4 + 6 + 1 + (2 + 4 + 4) + (2 + 8 + 4 + 3 + 8 + 19);
/** A topic's name is no longer (Kafka's own limit); a group's has no limit, and longer ones are not met. */
const NAME_BYTES_MAX = 249;

/** What a partition takes in a commit. */
export function partitionBytes({ topic }: Pick<TopicPartition, "topic">, textBytes: number): number {
  // Kafka's names are ASCII.
  return RECORD_BYTES + NAME_BYTES_MAX + topic.length + textBytes;
}

/** What a member of a bundle takes at most when no other range of its partition is listed: with the marks of an epoch. */
export const MEMBER_BYTES_MAX =
  RECORD_BYTES + 2 * NAME_BYTES_MAX + FRAME_BYTES + LISTED_MEMBERS_MAX * MARK_BYTES + RANGE_BYTES_MAX;

/**
 * How many ranges a bundle may have: they are announced by one request, however long their names are, once those before
 * them are stored.
 */
export const MEMBERS_MAX = 1_024;
