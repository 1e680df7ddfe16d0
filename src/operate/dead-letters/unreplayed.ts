import { ownDatabase } from "../../config/own-database.ts";
import { deadLetterTable } from "../../schema/pipeline.ts";
import { letterTuple } from "./letter.ts";

/** What was done about which dead letter (sql/migrations/0009). */
export const replaysTable = `${ownDatabase}.millrace_replays`;

/** A letter is named with its pipeline, cluster and group: a replay of one pipeline's letter leaves the others' open. */
const storedLetters = `(SELECT ${letterTuple} FROM ${replaysTable} WHERE outcome = 'stored')`;

/** The condition on a dead letter that a replay has stored it. */
export const isReplayed = `${letterTuple} IN ${storedLetters}`;

/**
 * A subquery, in parentheses, to read instead of the dead-letter table: all its columns, without the letters that a
 * replay has stored. Such a letter is a row of its target table as well, and would count twice. ClickHouse moves a WHERE
 * on the outside into it.
 *
 * Only `stored` counts: a letter whose offset the target held though no replay had put it there is a real duplicate.
 */
export function unreplayedDeadLetters(): string {
  return `(SELECT * FROM ${deadLetterTable} WHERE ${letterTuple} NOT IN ${storedLetters})`;
}
