/** Values below this are kept exactly; above it, to one part in a thousand or better (three significant digits). */
const EXACT_BELOW = 2048;

/**
 * Counts of quantised values. An open-addressed table instead of a Map, and a shortcut for a value that repeats: within
 * a batch most records share their millisecond.
 */
export class SparseHistogram {
  values = new Float64Array(64);
  /** 0 = the slot is free. */
  counts = new Float64Array(64);
  size = 0;
  lastValue = Number.NaN;
  lastSlot = 0;
}

/**
 * Rounds to the nearest value with three significant digits, log-linear as an HDR histogram does: steps of 2^k, at
 * least 1,024 of them to each doubling. Fractions below 2,048 are rounded to whole numbers; the sign is kept.
 */
export function quantise(value: number): number {
  const magnitude = Math.abs(value);
  if (magnitude < EXACT_BELOW) return Math.round(value) + 0; // + 0 turns −0 into 0
  const step = 2 ** (Math.floor(Math.log2(magnitude)) - 10);
  return Math.round(value / step) * step;
}

/** Counts one value. Values that are not finite are the caller's error and are ignored. */
export function addToSparse(histogram: SparseHistogram, value: number): void {
  if (!Number.isFinite(value)) return;
  const quantised = quantise(value);
  if (quantised !== histogram.lastValue) {
    if (histogram.size * 2 >= histogram.values.length) grow(histogram);
    histogram.lastSlot = findSlot(histogram, quantised);
    histogram.lastValue = quantised;
  }
  const slot = histogram.lastSlot;
  if (histogram.counts[slot] === 0) {
    histogram.values[slot] = quantised;
    histogram.size++;
  }
  histogram.counts[slot]!++;
}

/** The counts as pairs `value, count, value, count, …`, values ascending, in a buffer of its own. */
export function sparsePairs(histogram: SparseHistogram): Float64Array<ArrayBuffer> {
  const slots: number[] = [];
  for (let slot = 0; slot < histogram.counts.length; slot++) if (histogram.counts[slot] !== 0) slots.push(slot);
  slots.sort((left, right) => histogram.values[left]! - histogram.values[right]!);
  const pairs = new Float64Array(slots.length * 2);
  for (const [index, slot] of slots.entries()) {
    pairs[index * 2] = histogram.values[slot]!;
    pairs[index * 2 + 1] = histogram.counts[slot]!;
  }
  return pairs;
}

function findSlot(histogram: SparseHistogram, value: number): number {
  const mask = histogram.values.length - 1;
  // Large values are multiples of their step: the high part keeps them from all meeting in slot 0.
  let slot = Math.imul((value | 0) ^ Math.floor(value / EXACT_BELOW), 0x9e3779b1) >>> 16;
  for (slot &= mask; histogram.counts[slot] !== 0; slot = (slot + 1) & mask) {
    if (histogram.values[slot] === value) break;
  }
  return slot;
}

function grow(histogram: SparseHistogram): void {
  const { values, counts } = histogram;
  histogram.values = new Float64Array(values.length * 2);
  histogram.counts = new Float64Array(counts.length * 2);
  for (let slot = 0; slot < counts.length; slot++) {
    if (counts[slot] === 0) continue;
    const target = findSlot(histogram, values[slot]!);
    histogram.values[target] = values[slot]!;
    histogram.counts[target] = counts[slot]!;
  }
  histogram.lastValue = Number.NaN;
}
