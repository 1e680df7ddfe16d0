/**
 * Numbers that the kernel and its host agree on: the kernel imports them as AssemblyScript, the host as TypeScript, so
 * this file holds whole-number constants and nothing else.
 */

/** Every region ends this far before memory that others use: a 64-byte load or store at its last byte stays inside. */
export const SLACK_BYTES = 64;

/** What a value is: the first word of a slot. */
export const KIND_MISSING = 0;
export const KIND_NULL = 1;
export const KIND_FALSE = 2;
export const KIND_TRUE = 3;
/** `start … end` is the text of a JSON number, its grammar checked. */
export const KIND_NUMBER = 4;
/** `start … end` is UTF-8 without quotes and without escapes. */
export const KIND_STRING = 5;
/** The same with at least one backslash escape in it, each checked. Decoded before a column sees it. */
export const KIND_ESCAPED = 6;
/** `start … end` is the text of a valid object, braces included. */
export const KIND_OBJECT = 7;
export const KIND_ARRAY = 8;
/** Raw bytes: a record's key or value. */
export const KIND_BYTES = 9;
/** A fact of the record: a whole number, its low and high 32 bits in place of `start` and `end`. */
export const KIND_INTEGER = 10;

/** Bytes of a row before its slots. A slot is named by its offset from the row's address. */
export const ROW_SLOTS = 80;

/** A slot holds one field of one record: kind, start, end and the stamp of the record that wrote it, 32 bits each. */
export const SLOT_BYTES = 16;
export const SLOT_KIND = 0;
export const SLOT_START = 4;
export const SLOT_END = 8;
export const SLOT_STAMP = 12;

/** How a record ended. Anything but OK means: no row was written. */
export const OK = 0;
/** Not the kernel's business: the reference transcoder decides. */
export const DECLINED = 1;
export const REJECT_FIELD_TYPE = 2;
export const REJECT_FIELD_RANGE = 3;
export const REJECT_FIELD_FORMAT = 4;
export const REJECT_FIELD_MISSING = 5;
export const REJECT_EVENT_TIME_RANGE = 6;
export const REJECT_NULL_VALUE = 7;
export const REJECT_EMPTY_VALUE = 8;
export const REJECT_INVALID_UTF8 = 9;
export const REJECT_JSON_PARSE_FAILED = 10;
export const REJECT_JSON_NOT_OBJECT = 11;
/** A `require` rule said so. */
export const REJECT_RULE = 12;

/** Operations of type nodes. */
export const TYPE_INT = 1;
export const TYPE_FLOAT32 = 2;
export const TYPE_FLOAT64 = 3;
export const TYPE_DECIMAL = 4;
export const TYPE_BOOL = 5;
export const TYPE_STRING = 6;
export const TYPE_FIXED_STRING = 7;
export const TYPE_UUID = 8;
export const TYPE_DATE = 9;
export const TYPE_DATE32 = 10;
export const TYPE_DATE_TIME = 11;
export const TYPE_DATE_TIME64 = 12;
export const TYPE_ENUM = 13;
export const TYPE_IPV4 = 14;
export const TYPE_IPV6 = 15;
export const TYPE_NULLABLE = 16;
export const TYPE_LOW_CARDINALITY = 17;
export const TYPE_ARRAY = 18;
export const TYPE_MAP = 19;

/**
 * A type node, as the host writes it. Bytes 0–3: operation, lenient (0 or 1), scale, time format; then 32-bit words.
 * For integers `NODE_SIGNED` is 1 or 0 and the width tells the bits.
 */
export const NODE_BYTES = 64;
export const NODE_TYPE = 0;
export const NODE_LENIENT = 1;
export const NODE_SCALE = 2;
export const NODE_TIME_FORMAT = 3;
/** Bytes of a value of fixed width (1, 2, 4, 8, 16, N of FixedString); 0 for the others. */
export const NODE_WIDTH = 4;
export const NODE_SIGNED = 8;
/** Digits of a decimal. */
export const NODE_PRECISION = 12;
/** Address of the node of the inner type; 0 if there is none. */
export const NODE_INNER = 16;
/** Enum: address of the entries, each value (i32), name length (u32), name address (u32); and their number. */
export const NODE_TABLE = 20;
export const NODE_TABLE_COUNT = 24;
/** Address of the table of the zone that readings without an offset are in; 0 for UTC. */
export const NODE_ZONE = 28;
/** The type's own default of fixed width, up to 16 bytes (FixedString: zeros). */
export const NODE_DEFAULT = 32;
/** Native: address of the stream that this node's own bytes go to (null map, offsets, indexes or values). */
export const NODE_STREAM = 48;
/** LowCardinality, Native: address of the dictionary. Map, Native: address of the keys' node. */
export const NODE_DICTIONARY = 52;

export const ENUM_ENTRY_BYTES = 12;

/**
 * A zone: the number of its periods, from `ZONE_ENTRIES` on an entry for each, in order, and one after them that begins
 * after all readings. An entry is two 64-bit words: the second (UTC) from which on the offset holds, and the offset.
 */
export const ZONE_COUNT = 0;
export const ZONE_ENTRIES = 8;
export const ZONE_ENTRY_BYTES = 16;

export const TIME_AUTO = 0;
export const TIME_RFC3339 = 1;
export const TIME_CLICKHOUSE = 2;
export const TIME_EPOCH_S = 3;
export const TIME_EPOCH_MS = 4;
export const TIME_EPOCH_US = 5;
export const TIME_EPOCH_NS = 6;
export const TIME_CLF = 7;
export const TIME_RFC2822 = 8;
export const TIME_CTIME = 9;
export const TIME_MONTH_NAME = 10;
