/** Figures as people read them: three digits, and the unit that fits. */

const groups = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** @param {number | null | undefined} value */
export function count(value) {
  return isKnown(value) ? groups.format(value) : "–";
}

/** @param {number | null | undefined} value */
export function short(value) {
  if (!isKnown(value)) return "–";
  const [size, unit] = value >= 1e9 ? [1e9, " G"] : value >= 1e6 ? [1e6, " M"] : value >= 1e5 ? [1e3, " k"] : [1, ""];
  return `${size === 1 && value >= 100 ? groups.format(value) : trim(value / size)}${unit}`;
}

/** @param {number | null | undefined} bytes */
export function bytes(bytes) {
  if (!isKnown(bytes)) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let [value, unit] = [bytes, 0];
  for (; value >= 1024 && unit < units.length - 1; unit += 1) value /= 1024;
  return `${unit === 0 ? Math.round(value) : trim(value)} ${units[unit]}`;
}

/** @param {number | null | undefined} ms */
export function duration(ms) {
  if (!isKnown(ms)) return "–";
  if (ms < 1_000) return `${ms < 10 ? trim(ms) : Math.round(ms)} ms`;
  if (ms < 120_000) return `${trim(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${trim(ms / 3_600_000)} h`;
}

/** @param {number | null | undefined} seconds */
export function age(seconds) {
  return isKnown(seconds) ? duration(seconds * 1_000) : "–";
}

/** @param {number | null | undefined} share 0 to 1 */
export function percent(share) {
  return isKnown(share) ? `${Math.round(share * 100)} %` : "–";
}

/** @param {number} ms since 1970 */
export function clock(ms) {
  return new Date(ms).toLocaleTimeString("en-GB");
}

/** @param {number} ms since 1970 */
export function moment(ms) {
  return new Date(ms).toISOString().replace("T", " ").replace("Z", "");
}

/** @param {number} value */
function trim(value) {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(value >= 10 ? 3 : 2)));
}

/** @param {number | null | undefined} value @returns {value is number} */
function isKnown(value) {
  return typeof value === "number" && Number.isFinite(value);
}
