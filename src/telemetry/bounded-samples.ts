import type { Sample } from "./metric-row.ts";

/** A metric with a label for each partition has so many series at most. Beyond, each topic has one. */
export const PARTITION_SERIES_MAX = 1_000;
/** A metric that is counted by a name (a column, an error's type) has so many series, and one for all others. */
export const NAME_SERIES_MAX = 200;
/** The label's value for what has no series of its own. */
export const OTHER = "other";

/** A value of each partition; with more than `PARTITION_SERIES_MAX` of them one of each topic, whose partition is "all". */
export function byPartition(
  values: readonly { topic: string; partition: number; value: number | undefined }[],
  together: (a: number, b: number) => number,
): Sample[] {
  const known = values.filter((each) => each.value !== undefined) as {
    topic: string;
    partition: number;
    value: number;
  }[];
  if (known.length <= PARTITION_SERIES_MAX)
    return known.map(({ topic, partition, value }) => [value, topic, String(partition)]);
  const topics = new Map<string, number>();
  for (const { topic, value } of known) {
    const before = topics.get(topic);
    topics.set(topic, before === undefined ? value : together(before, value));
  }
  return [...topics].map(([topic, value]) => [value, topic, "all"]);
}

/** The counts by name. The first names keep their series: which they are must not change, or a counter would go back. */
export function byName(counts: Readonly<Record<string, number>>): Sample[] {
  const entries = Object.entries(counts);
  const rest = entries.slice(NAME_SERIES_MAX);
  const own = entries.slice(0, NAME_SERIES_MAX).map(([name, count]): Sample => [count, name]);
  return rest.length === 0 ? own : [...own, [rest.reduce((sum, [, count]) => sum + count, 0), OTHER]];
}
