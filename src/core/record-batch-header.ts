/**
 * Where the fields of a record batch's header stand (magic 2; KIP-98, https://kafka.apache.org/documentation/#recordbatch).
 * All integers are big-endian. Constants, one by one, so that a read costs no look-up. The kernel has its own copies
 * (src/codec/kernel/assembly): it is another language.
 */
export const BATCH_HEADER_BYTES = 61;

export const BASE_OFFSET_AT = 0;
export const LENGTH_AT = 8;
export const LEADER_EPOCH_AT = 12;
export const MAGIC_AT = 16;
export const CRC_AT = 17;
export const ATTRIBUTES_AT = 21;
export const LAST_OFFSET_DELTA_AT = 23;
export const BASE_TIMESTAMP_AT = 27;
export const MAX_TIMESTAMP_AT = 35;
export const PRODUCER_ID_AT = 43;
export const PRODUCER_EPOCH_AT = 51;
export const BASE_SEQUENCE_AT = 53;
export const RECORD_COUNT_AT = 57;

/** Base offset and length: what the length does not count. */
export const LENGTH_EXCLUDES_BYTES = 12;
/** The CRC-32C covers everything from here on, so base offset and leader epoch may be patched. */
export const CRC_COVERS_FROM = ATTRIBUTES_AT;

/** Kafka 0.11 and later. */
export const BATCH_MAGIC = 2;

export const COMPRESSION_BITS = 0x07;
/** The broker stamped the batch: every record has the maximum timestamp. */
export const LOG_APPEND_TIME_BIT = 0x08;
export const TRANSACTIONAL_BIT = 0x10;
/** Transaction markers: no user's records. */
export const CONTROL_BIT = 0x20;

/** What the compression bits say; more are unknown. */
export const COMPRESSION_NONE = 0;
export const COMPRESSION_GZIP = 1;
export const COMPRESSION_SNAPPY = 2;
export const COMPRESSION_LZ4 = 3;
export const COMPRESSION_ZSTD = 4;

/** By that number. */
export const compressionNames = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
export type CompressionName = (typeof compressionNames)[number];
