/** What the records of one batch may grow to, as INFLATED_BYTES_MAX of src/codec/inflate/inflate.ts. */
export const INFLATED_BYTES_MAX: usize = 64 * 1024 * 1024;
