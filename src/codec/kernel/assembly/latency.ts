import { sameBytes } from "./bytes";
import { allocate } from "./memory";
import { PLAN_STARTED_MS } from "./layout-plan";
import { COUNT_BYTES, COUNT_KEY, COUNT_ROWS, COUNT_VALUE, GROUP_BYTES, GROUP_LENGTH, GROUP_NAME, GROUP_STAGES } from "./layout-result";
import { plan } from "./plan";
import { NO_TIME } from "./row";

/**
 * Latencies of a task's rows as counts of quantised milliseconds by group and stage, with the same quantising and the
 * same bound of groups as the reference (src/core/sparse-histogram.ts, src/codec/reference/latency.ts).
 */

const GROUPS_MAX: u32 = 64;
export const GROUP_BYTES_MAX: usize = 100;

const PLACES_FIRST: u32 = 4096;

/** GROUP_*. */
const groups: usize = allocate(<usize>(GROUPS_MAX * GROUP_BYTES));
let groupCount: u32 = 0;
let lastGroup: u32 = 0;

/** COUNT_*, an open-addressed table. */
let counts: usize = allocate(<usize>(PLACES_FIRST * COUNT_BYTES));
let places: u32 = PLACES_FIRST;
let used: u32 = 0;

/** Of each group the run of equal rows that goes on: event, record and received time, and the number of rows. */
const RUN_BYTES: usize = 32;
const RUN_ROWS: usize = 24;
const runs: usize = allocate(<usize>GROUPS_MAX * RUN_BYTES);

export function clearLatency(): void {
  groupCount = 0;
  lastGroup = 0;
  used = 0;
  memory.fill(counts, 0, <usize>places * COUNT_BYTES);
  memory.fill(runs, 0, <usize>GROUPS_MAX * RUN_BYTES);
}

export function latencyGroups(): usize {
  return groups;
}
export function latencyGroupCount(): u32 {
  return groupCount;
}
export function latencyCounts(): usize {
  return counts;
}
export function latencyPlaces(): u32 {
  return places;
}

/**
 * False when memory is at its bound: `rows` more, and the runs that still go on, could fill the table up, and searching it
 * would not end.
 */
@inline
export function hasLatencyRoom(rows: u32): bool {
  return (used + GROUP_STAGES * (rows + GROUPS_MAX)) * 2 <= places || growCounts() || used + GROUP_STAGES * (rows + GROUPS_MAX) < places;
}

/**
 * Counts a row; times in ms, `eventMs` NO_TIME when it has none. `start … length` names the group, at most 100 bytes.
 * Rows of a group that share their milliseconds come in runs, of which only the length is counted until the run ends.
 *
 * PRECONDITION: `hasLatencyRoom`.
 */
@inline
export function addLatency(start: usize, length: usize, eventMs: i64, recordMs: i64, receivedMs: i64): void {
  const run = runs + <usize>findGroup(start, length) * RUN_BYTES;
  if (load<i64>(run) == eventMs && load<i64>(run, 8) == recordMs && load<i64>(run, 16) == receivedMs) {
    store<u32>(run, load<u32>(run, RUN_ROWS) + 1, RUN_ROWS);
    return;
  }
  endRun(run);
  store<i64>(run, eventMs);
  store<i64>(run, recordMs, 8);
  store<i64>(run, receivedMs, 16);
  store<u32>(run, 1, RUN_ROWS);
}

/** Ends all runs: the counts are complete then. */
export function settleLatency(): void {
  for (let group: u32 = 0; group < groupCount; group++) endRun(runs + <usize>group * RUN_BYTES);
}

function endRun(run: usize): void {
  const rows = load<u32>(run, RUN_ROWS);
  if (rows == 0) return;
  store<u32>(run, 0, RUN_ROWS);
  const eventMs = load<i64>(run);
  const recordMs = load<i64>(run, 8);
  const startedMs = load<i64>(plan, PLAN_STARTED_MS);
  const stage = <u32>((run - runs) / RUN_BYTES) * GROUP_STAGES;
  if (eventMs != NO_TIME) {
    addDifference(stage, recordMs - eventMs, rows);
    addDifference(stage + 2, startedMs - eventMs, rows);
  }
  addDifference(stage + 1, load<i64>(run, 16) - recordMs, rows);
  addDifference(stage + 3, startedMs - recordMs, rows);
}

@inline
function isGroup(index: u32, start: usize, length: usize): bool {
  const group = groups + <usize>index * GROUP_BYTES;
  return <usize>load<u32>(group, GROUP_LENGTH) == length && sameBytes(group + GROUP_NAME, start, length);
}

function findGroup(start: usize, length: usize): u32 {
  if (lastGroup < groupCount && isGroup(lastGroup, start, length)) return lastGroup;
  for (let index: u32 = 0; index < groupCount; index++) {
    if (!isGroup(index, start, length)) continue;
    lastGroup = index;
    return index;
  }
  if (groupCount == GROUPS_MAX) return GROUPS_MAX - 1;
  const group = groups + <usize>groupCount * GROUP_BYTES;
  if (groupCount == GROUPS_MAX - 1) {
    // The last place is kept for all that does not fit: "other".
    store<u32>(group, 5, GROUP_LENGTH);
    store<u32>(group, 0x6568746f, GROUP_NAME);
    store<u8>(group, 0x72, GROUP_NAME + 4);
  } else {
    store<u32>(group, <u32>length, GROUP_LENGTH);
    memory.copy(group + GROUP_NAME, start, length);
  }
  return groupCount++;
}

/** Three significant digits: below 2,048 exact, above it to a step of 2^k, at least 1,024 of them to each doubling. */
function quantise(value: i64): i64 {
  const magnitude = value < 0 ? -value : value;
  if (magnitude < 2048) return value;
  const shift = <i64>(53 - clz(magnitude));
  return ((value + (<i64>1 << (shift - 1))) >> shift) << shift;
}

function addDifference(stage: u32, difference: i64, rows: u32): void {
  const value = quantise(difference);
  const place = findPlace(stage + 1, value);
  if (load<u32>(place, COUNT_KEY) == 0) {
    store<u32>(place, stage + 1, COUNT_KEY);
    store<i64>(place, value, COUNT_VALUE);
    used++;
  }
  store<u32>(place, load<u32>(place, COUNT_ROWS) + rows, COUNT_ROWS);
}

function findPlace(key: u32, value: i64): usize {
  const mixed = (<u64>value ^ (<u64>key << 40)) * 0x9e3779b97f4a7c15;
  let place = <u32>(mixed >> 40) & (places - 1);
  while (true) {
    const at = counts + <usize>place * COUNT_BYTES;
    const found = load<u32>(at, COUNT_KEY);
    if (found == 0 || (found == key && load<i64>(at, COUNT_VALUE) == value)) return at;
    place = (place + 1) & (places - 1);
  }
}

function growCounts(): bool {
  const old = counts;
  const oldPlaces = places;
  const larger = allocate(<usize>places * 2 * COUNT_BYTES);
  if (larger == 0) return false;
  counts = larger;
  places *= 2;
  for (let index: u32 = 0; index < oldPlaces; index++) {
    const from = old + <usize>index * COUNT_BYTES;
    if (load<u32>(from, COUNT_KEY) == 0) continue;
    const to = findPlace(load<u32>(from, COUNT_KEY), load<i64>(from, COUNT_VALUE));
    v128.store(to, v128.load(from));
  }
  return true;
}
