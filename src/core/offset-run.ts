/** Offsets `first` to `last`, both included, one after another. */
export interface OffsetRun {
  first: number;
  last: number;
}

/** Offsets `first` to `end`, half open: `end` is the first that does not belong to it, as the end of Kafka's log. */
export interface OffsetSection {
  first: number;
  end: number;
}
