import { deadLetterTable } from "../schema/pipeline.ts";

/** What was done about which dead letter (sql/migrations/0009). */
export const replaysTable = "analytics.millrace_replays";

/**
 * A subquery, in parentheses, to read instead of the dead-letter table: all its columns, without the letters that a
 * replay has stored. Such a letter is a row of its target table as well, and would count twice. ClickHouse moves a WHERE
 * on the outside into it.
 *
 * Only `stored` counts: a letter whose offset the target held though no replay had put it there is a real duplicate.
 */
export function unreplayedDeadLetters(table: string = deadLetterTable): string {
  return (
    `(SELECT * FROM ${table} WHERE (topic, kafka_partition, kafka_offset) NOT IN ` +
    `(SELECT topic, kafka_partition, kafka_offset FROM ${replaysTable} WHERE outcome = 'stored'))`
  );
}
