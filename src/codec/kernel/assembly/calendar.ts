/** What `daysSinceEpoch` returns for a day that does not exist. */
export const NO_DAY: i32 = i32.MIN_VALUE;

/**
 * Days since 1970-01-01 in the proleptic Gregorian calendar, or NO_DAY. `year` is 0 … 9999; month and day may be any
 * number. Counting years from March puts the leap day last, so that the months before a day sum up to a linear function
 * of the month ("chrono-Compatible Low-Level Date Algorithms"): no table, no loop.
 */
export function daysSinceEpoch(year: u32, month: u32, day: u32): i32 {
  if (month - 1 > 11 || day - 1 > 30) return NO_DAY;
  if (day > 28 && day > daysInMonth(year, month)) return NO_DAY;
  // One cycle of 400 years is added, and its days taken off below, so that January of the year 0 stays positive.
  const marchYear = year + 400 - u32(month < 3);
  const marchMonth = month < 3 ? month + 9 : month - 3;
  const century = marchYear / 100;
  const leapDays = marchYear / 4 - century + century / 4;
  return <i32>(marchYear * 365 + leapDays + (153 * marchMonth + 2) / 5 + day - 1) - 719_468 - 146_097;
}

function daysInMonth(year: u32, month: u32): u32 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  // 31 days: the odd months up to July, the even ones from August on.
  return 30 + ((month ^ (month >> 3)) & 1);
}
