/**
 * Plain forms of a time that nobody has to guess at, written without the readers under test: a rejected text of such a
 * form needs a better reason than its form.
 */
const pattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|[+-](\d\d):?(\d\d))?)?$|^\d{10}$|^\d{13}$/;

/** `2024-01-02`, `2024-01-02 03:04:05`, with a fraction and an offset or without, or a count of ten or thirteen digits. */
export function readsPlainly(text: string): boolean {
  return pattern.test(text);
}

/** False when the text names a day or a time of day that does not exist, or none at all. */
export function isCalendarTime(text: string): boolean {
  const match = pattern.exec(text);
  if (match === null) return false;
  if (match[1] === undefined) return true;
  const [year, month, day, hour, minute, second, offsetHour, offsetMinute] = match
    .slice(1)
    .map((part) => Number(part ?? "0"));
  const date = new Date(Date.UTC(year!, month! - 1, day));
  if (year! < 100 || date.getUTCMonth() !== month! - 1 || date.getUTCDate() !== day) return false;
  return hour! < 24 && minute! < 60 && second! <= 60 && offsetHour! < 24 && offsetMinute! < 60;
}
