/** Variable with the worker's orders, as JSON. */
export const ENDINGS_VARIABLE = "MILLRACE_TEST_ENDINGS";

export interface Endings {
  /** Gets one byte for each thread that has ended. */
  journal: string;
  /** So many threads end, and no more. */
  times: number;
  /** Only at the range that begins here; undefined: at any. */
  at?: { partition: number; firstOffset: number };
}
