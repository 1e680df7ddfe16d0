/**
 * What the kernel answers its host: how its calls end, and, as byte offsets, what a task leaves in memory. Shared by the
 * two (see layout.ts).
 */

/** How `runBatch` ended. */
export const BATCH_COMPLETE = 0;
/** What follows `lastReadOffset` cannot be read. */
export const BATCH_CORRUPT = -1;
/** Nothing was read: the batch is too large for the kernel's memory. */
export const BATCH_NO_MEMORY = -2;

/** A record without a row: outcome and place (u32), offset and Kafka's time (f64), bounds of key and value (u32). */
export const LEFT_OVER_BYTES = 40;
export const LEFT_OVER_OUTCOME = 0;
export const LEFT_OVER_PLACE = 4;
export const LEFT_OVER_OFFSET = 8;
export const LEFT_OVER_TIMESTAMP = 16;
export const LEFT_OVER_KEY_START = 24;
export const LEFT_OVER_KEY_END = 28;
export const LEFT_OVER_VALUE_START = 32;
export const LEFT_OVER_VALUE_END = 36;

/** A latency group: the length of its name (u32), then its bytes. */
export const GROUP_BYTES = 128;
export const GROUP_LENGTH = 0;
export const GROUP_NAME = 4;
/** A group's stages, in this order: produce, fetch, age of the event, age of the record. */
export const GROUP_STAGES = 4;

/** A latency count: group × GROUP_STAGES + stage + 1 (u32, 0 = free), the number of rows (u32), the value (i64). */
export const COUNT_BYTES = 16;
export const COUNT_KEY = 0;
export const COUNT_ROWS = 4;
export const COUNT_VALUE = 8;
