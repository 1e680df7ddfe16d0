import { writeDecimalText } from "./integer";
import { PLAN_PARTITION, PLAN_TOPIC_END, PLAN_TOPIC_START } from "./layout-plan";
import { allocate } from "./memory";
import { plan } from "./plan";
import { rowOffset } from "./row";

/** Rows of a chunk: their ids must live until the chunk is encoded. */
export const CHUNK_ROWS: u32 = 256;

/** Kafka's longest topic name (249), two dashes, an INT32 and an INT64. */
const ID_BYTES_MAX: usize = 320;

const ids: usize = allocate(<usize>CHUNK_ROWS * ID_BYTES_MAX);
let nextId: u32 = 0;

export let recordIdStart: usize = 0;
export let recordIdEnd: usize = 0;

/** Writes `topic-partition-offset`; valid until `CHUNK_ROWS` further ids are written. */
export function writeRecordId(row: usize): void {
  recordIdStart = ids + <usize>nextId * ID_BYTES_MAX;
  nextId = (nextId + 1) % CHUNK_ROWS;
  const topicStart = <usize>load<u32>(plan, PLAN_TOPIC_START);
  const topicLength = <usize>load<u32>(plan, PLAN_TOPIC_END) - topicStart;
  memory.copy(recordIdStart, topicStart, topicLength);
  let at = recordIdStart + topicLength;
  store<u8>(at++, 0x2d);
  at = writeDecimalText(load<i64>(plan, PLAN_PARTITION), at);
  store<u8>(at++, 0x2d);
  recordIdEnd = writeDecimalText(rowOffset(row), at);
}
