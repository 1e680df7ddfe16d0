/** The last quarter of an hour as the page keeps it: what the server sent when the page opened, and each sample since. */

const SAMPLES_MAX = 450;

/**
 * @typedef {{column: number, counts: number[]}} HeatColumn
 * @typedef {{number: number, atMs: number, values: Record<string, number | null>, p95: Record<string, number | null>,
 *   heat: Record<string, number[]>}} Point
 * @typedef {{sampleMs: number, columnSlots: number, firstNumber: number, atMs: number[],
 *   values: Record<string, (number | null)[]>, p95: Record<string, (number | null)[]>,
 *   heat: Record<string, HeatColumn[]>}} History
 */

/** @param {History} history @returns {number} the number of the sample that comes next */
export function nextNumber({ firstNumber, atMs }) {
  return firstNumber + atMs.length;
}

/**
 * Adds a sample. False: samples are missing before it, and the history has to be read anew.
 *
 * @param {History} history @param {Point} point
 */
export function append(history, point) {
  const next = nextNumber(history);
  if (point.number < next) return true;
  if (point.number > next) return false;
  history.atMs.push(point.atMs);
  for (const [name, value] of Object.entries(point.values)) history.values[name]?.push(value);
  for (const [stage, value] of Object.entries(point.p95)) history.p95[stage]?.push(value);
  const column = Math.floor(point.number / history.columnSlots);
  for (const [stage, counts] of Object.entries(point.heat)) addHeat(history.heat[stage] ?? [], column, counts);
  if (history.atMs.length > SAMPLES_MAX) dropFirst(history);
  return true;
}

/** @param {HeatColumn[]} columns @param {number} column @param {number[]} counts */
function addHeat(columns, column, counts) {
  const last = columns.at(-1);
  if (last?.column !== column) columns.push({ column, counts: [...counts] });
  else {
    for (let index = 0; index < counts.length; index += 2) {
      const at = last.counts.findIndex((row, place) => place % 2 === 0 && row === counts[index]);
      if (at === -1) last.counts.push(counts[index] ?? 0, counts[index + 1] ?? 0);
      else last.counts[at + 1] = (last.counts[at + 1] ?? 0) + (counts[index + 1] ?? 0);
    }
  }
}

/** @param {History} history */
function dropFirst(history) {
  history.atMs.shift();
  for (const values of [...Object.values(history.values), ...Object.values(history.p95)]) values.shift();
  history.firstNumber += 1;
  const first = Math.floor(history.firstNumber / history.columnSlots);
  for (const columns of Object.values(history.heat))
    while (columns[0] !== undefined && columns[0].column < first) columns.shift();
}
