/** The words of a plan, a rule and a column, as byte offsets; shared by the kernel and its host (see layout.ts). */

export const PLAN_BYTES = 128;
/** Bytes of a row with all its slots; the last slot is for fields that nothing reads. */
export const PLAN_ROW_BYTES = 0;
export const PLAN_COLUMNS = 4;
export const PLAN_COLUMN_COUNT = 8;
export const PLAN_RULES = 12;
export const PLAN_RULE_COUNT = 16;
/** 1: a first byte that begins a map or an array of MessagePack sends the record to the reference. */
export const PLAN_MAY_BE_MESSAGE_PACK = 20;
/** 1: RowBinaryOptional, columns with the table's DEFAULT are arrays of no value or of one. */
export const PLAN_HAS_MARKERS = 24;
/** The latency group's field list, 0 if there is none, and the slot with its fallback text. */
export const PLAN_GROUP_FIELD = 32;
export const PLAN_GROUP_FALLBACK = 36;
/** Bounds of the event time against PLAN_JUDGED_MS, ms (i64). */
export const PLAN_HORIZON_BACK_MS = 40;
export const PLAN_HORIZON_AHEAD_MS = 48;
/** The topic's bytes, then facts of the task: partition (i64), received, started and judged ms (i64). */
export const PLAN_TOPIC_START = 56;
export const PLAN_TOPIC_END = 60;
export const PLAN_PARTITION = 64;
export const PLAN_RECEIVED_MS = 72;
export const PLAN_STARTED_MS = 80;
export const PLAN_JUDGED_MS = 88;
/** Native: addresses of all streams, and their number; addresses of all dictionaries, and their number. */
export const PLAN_STREAMS = 96;
export const PLAN_STREAM_COUNT = 100;
export const PLAN_DICTIONARIES = 104;
export const PLAN_DICTIONARY_COUNT = 108;
/** Lower bounds of the lateness bands, ms (i64 each, rising), and their number: at most LATENESS_BANDS_MAX. */
export const PLAN_LATENESS_BOUNDS = 112;
export const PLAN_LATENESS_BAND_COUNT = 116;
/** An event further behind its record than this has no latency of its own, ms (i64). */
export const PLAN_LATENCY_LAG_MS_MAX = 120;

export const LATENESS_BANDS_MAX = 16;

export const RULE_BYTES = 48;
export const RULE_KIND = 0;
/** Field list of the rule's own field. */
export const RULE_FIELD = 4;
/** Offset of that field's slot when it has only one; else 0. */
export const RULE_FIELD_SLOT = 44;
/** Slot that is set: the field's literal name. */
export const RULE_SLOT = 8;
/** `default`: a constant slot or 0; the field lists `from` and their number; conditions, −1 when there are none. */
export const RULE_VALUE = 12;
export const RULE_FROM = 16;
export const RULE_FROM_COUNT = 20;
export const RULE_CONDITIONS = 24;
export const RULE_CONDITION_COUNT = 28;
/** Field list of `status` or `result`; slot of the flag. */
export const RULE_OTHER = 32;
export const RULE_FLAG = 36;
/** Constant slots: "fail", "success" for a result; 500, 200, 0, true, false, "fail", "success" for a status. */
export const RULE_CONSTANTS = 40;

export const RULE_REQUIRE = 1;
export const RULE_DEFAULT = 2;
export const RULE_RESULT_FROM_STATUS = 3;
export const RULE_STATUS_FROM_RESULT = 4;
export const RULE_RECORD_ID = 5;

export const COLUMN_BYTES = 80;
export const COLUMN_NODE = 0;
/** A fact of the record, FACT_NONE for a field of the document. */
export const COLUMN_FACT = 4;
export const COLUMN_FIELD = 8;
export const COLUMN_MISSING = 12;
/** MISSING_VALUE: the constant slot. MISSING_FACT: the fact. */
export const COLUMN_MISSING_OPERAND = 16;
/** Node for facts: times in epoch_ms, nothing lenient. */
export const COLUMN_FACT_NODE = 20;
export const COLUMN_IS_NULLABLE = 24;
export const COLUMN_IS_EVENT_TIME = 28;
export const COLUMN_IS_HORIZON = 32;
/** Lenient conversions, counted. */
export const COLUMN_COERCIONS = 36;
/** Native: conversions of the rows of this chunk. */
export const COLUMN_CHUNK_COERCIONS = 40;
/** Offset of the slot when the column is one field of the document without a path; else 0. */
export const COLUMN_SLOT = 44;
/** The node under LowCardinality and Nullable. */
export const COLUMN_BARE_NODE = 48;
/** 1: a missing field is NULL. */
export const COLUMN_IS_NULL_DEFAULT = 52;
/** How the column is written in a chunk: CHUNK_*. */
export const COLUMN_CHUNK_WAY = 56;
/** 1: a fact that is a whole number, in a type of fixed width that is not Nullable. */
export const COLUMN_IS_FACT_PLAIN = 60;

/** The node of a time whose placeholders are nulls, without Nullable; else 0. Such a column has no COLUMN_SLOT. */
export const COLUMN_PLACEHOLDER_NODE = 64;

/** Value by value, whatever the type. */
export const CHUNK_ANY = 0;
/** One slot each: String, LowCardinality(String), a type of fixed width, and the Nullable of the first and the last. */
export const CHUNK_STRING = 1;
export const CHUNK_DICTIONARY = 2;
export const CHUNK_FIXED = 3;
export const CHUNK_NULLABLE_STRING = 4;
export const CHUNK_NULLABLE_FIXED = 5;

export const MISSING_TYPE_DEFAULT = 0;
export const MISSING_VALUE = 1;
export const MISSING_FACT = 2;
export const MISSING_TABLE_DEFAULT = 3;
export const MISSING_REJECT = 4;
/** The plan's value is none that JSON can say. */
export const MISSING_DECLINED = 5;

export const FACT_NONE = 0;
export const FACT_TOPIC = 1;
export const FACT_PARTITION = 2;
export const FACT_OFFSET = 3;
export const FACT_TIMESTAMP = 4;
export const FACT_KEY = 5;
export const FACT_RECEIVED = 6;
export const FACT_PROCESSED = 7;
export const FACT_RAW = 8;
