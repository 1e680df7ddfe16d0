/** A row as the SQL of a check returns it: names and figures. */
export type CheckRow = Readonly<Record<string, string | number>>;

export interface Verdict {
  /** What is wrong, in a sentence. */
  fault: string;
  remedy: string;
}

/** One look into ClickHouse: a statement, what it says, and when it is not well. */
export interface Check {
  /** Also the name of its file in sql/diagnostics. */
  name: string;
  title: string;
  /** What it means, for whoever sees it for the first time. */
  means: string;
  /** What it says that there are no rows. */
  empty: string;
  /** Why its system table may be absent, and what that costs. */
  absent: string;
  /** Undefined: nothing is wrong. */
  judge(rows: readonly CheckRow[]): Verdict | undefined;
}

const LONG_MERGE_SECONDS = 600;
/** Of the number of parts from which on inserts are slowed down. */
const PARTS_SHARE = 0.5;
const SLOW_INSERT_MS = 5_000;
const SMALL_INSERT_ROWS = 1_000;
const SMALL_INSERTS_PER_SECOND = 5;
/** A table of its own merges some ten parts a second at best. */
const NEW_PARTS_PER_MINUTE = 600;

const numberOf = (row: CheckRow, column: string): number => Number(row[column] ?? 0);

/** The row that is worst by a column. */
function worst(rows: readonly CheckRow[], column: string): CheckRow | undefined {
  return rows.toSorted((a, b) => numberOf(b, column) - numberOf(a, column))[0];
}

const largerInserts =
  "make fewer, larger inserts: a longer flush interval or more rows (--profile, ops/profiles), fewer instances, fewer " +
  "programs that insert one row at a time";

export const checks: readonly Check[] = [
  {
    name: "merges",
    title: "Longest merges",
    means: "A merge rewrites small parts into a large one. While a long one runs, small parts pile up behind it.",
    empty: "no merge runs",
    absent: "every ClickHouse has it; the user may not see it",
    judge(rows) {
      const long = worst(rows, "seconds");
      if (long === undefined || numberOf(long, "seconds") < LONG_MERGE_SECONDS) return undefined;
      return {
        fault: `a ${long.kind} of ${long.table} runs for ${Math.round(numberOf(long, "seconds") / 60)} minutes (${long.percent} % done)`,
        remedy:
          long.kind === "mutation"
            ? "an ALTER … UPDATE or DELETE rewrites the table: wait, or KILL MUTATION; see system.mutations"
            : "look at disk and CPU of the server; a smaller max_bytes_to_merge_at_max_space_in_pool keeps merges shorter",
      };
    },
  },
  {
    name: "parts",
    title: "Partitions with the most parts",
    means:
      "Every insert writes a part. With too many in one partition ClickHouse first slows inserts down and then refuses them.",
    empty: "no table has parts",
    absent: "every ClickHouse has it; the user may not see it",
    judge(rows) {
      const most = worst(rows, "parts");
      if (most === undefined || numberOf(most, "parts") < PARTS_SHARE * numberOf(most, "delayed_from"))
        return undefined;
      return {
        fault: `${most.table} has ${most.parts} parts in partition ${most.partition}; from ${most.delayed_from} on inserts are slowed down, from ${most.refused_from} on refused`,
        remedy: `${largerInserts}; and see whether merges run (above). OPTIMIZE TABLE ${most.table} PARTITION … merges by hand`,
      };
    },
  },
  {
    name: "inserts",
    title: "INSERTs of the last 10 minutes",
    means: "What inserts cost as ClickHouse itself measures it, for every program that inserts.",
    empty: "nothing was inserted",
    absent: "the query log is switched off in the server's configuration (<query_log>)",
    judge: judgeInserts,
  },
  {
    name: "async-inserts",
    title: "Asynchronous inserts of the last 10 minutes",
    means:
      "ClickHouse collects these in memory and writes them later. Millrace's own are never among them: an acknowledged row is stored.",
    empty: "none: all inserts are written before they are acknowledged",
    absent: "the log is off, or ClickHouse is embedded; Millrace's inserts would not be in it",
    judge(rows) {
      const failed = rows.find(({ outcome }) => outcome !== "Ok");
      if (failed === undefined) return undefined;
      return {
        fault: `${failed.inserts} asynchronous inserts into ${failed.table} ended with ${failed.outcome}: ${failed.error}`,
        remedy:
          "their programs were told that all is well unless wait_for_async_insert is 1: set it, or async_insert = 0",
      };
    },
  },
  {
    name: "async-settings",
    title: "Settings of asynchronous inserts",
    means: "They hold for programs that say nothing else. Millrace's inserts say async_insert = 0.",
    empty: "this server knows none of them",
    absent: "every ClickHouse has it; the user may not see it",
    judge(rows) {
      const settingOf = (name: string) => rows.find(({ setting }) => setting === name)?.value;
      if (settingOf("async_insert") !== "1" || settingOf("wait_for_async_insert") !== "0") return undefined;
      return {
        fault:
          "inserts of other programs are acknowledged before they are written (async_insert = 1, wait_for_async_insert = 0)",
        remedy:
          "set wait_for_async_insert = 1 in the profile of their users: otherwise rows can be lost without an error",
      };
    },
  },
  {
    name: "part-log",
    title: "Parts written and merged in the last 5 minutes",
    means: "New parts should be few and large, and merges should keep up with them.",
    empty: "no part was written or merged",
    absent: "the log is off, or ClickHouse is embedded: what follows shows the new parts that are still there",
    judge(rows) {
      const failed = rows.find((row) => numberOf(row, "failed") > 0);
      if (failed !== undefined) {
        return {
          fault: `${failed.failed} writes or merges of parts of ${failed.table} failed at ${failed.minute} UTC`,
          remedy:
            "SELECT event_type, error, exception FROM system.part_log WHERE error != 0 ORDER BY event_time DESC LIMIT 5 says why",
        };
      }
      return judgeNewParts(rows);
    },
  },
  {
    name: "new-parts",
    title: "New parts of the last 5 minutes, not merged yet",
    means: "The same seen from the tables: what inserts have left for merges to do.",
    empty: "no new part waits for a merge",
    absent: "every ClickHouse has it; the user may not see it",
    judge: judgeNewParts,
  },
];

function judgeInserts(rows: readonly CheckRow[]): Verdict | undefined {
  const failed = worst(rows, "failed");
  if (failed !== undefined && numberOf(failed, "failed") > 0) {
    return {
      fault: `${failed.failed} of ${failed.inserts} inserts into ${failed.table} failed, the last with: ${failed.error}`,
      remedy:
        "those of Millrace are repeated or go to the dead letters (millrace status, millrace dlq list); others see their program",
    };
  }
  const slow = worst(rows, "p95_ms");
  if (slow !== undefined && numberOf(slow, "p95_ms") > SLOW_INSERT_MS) {
    return {
      fault: `inserts into ${slow.table} take ${(numberOf(slow, "p95_ms") / 1000).toFixed(1)} s (95 of 100 at most)`,
      remedy:
        "look at merges and parts above, at the views behind the table (each costs), and at disk and CPU of the server",
    };
  }
  const small = rows.find(
    (row) => numberOf(row, "per_second") > SMALL_INSERTS_PER_SECOND && numberOf(row, "rows_each") < SMALL_INSERT_ROWS,
  );
  if (small === undefined) return undefined;
  return {
    fault: `${small.table} takes ${small.per_second} inserts a second of ${small.rows_each} rows: each costs as much as one of 10,000`,
    remedy: largerInserts,
  };
}

function judgeNewParts(rows: readonly CheckRow[]): Verdict | undefined {
  const most = worst(rows, "new_parts");
  if (most === undefined || numberOf(most, "new_parts") < NEW_PARTS_PER_MINUTE) return undefined;
  return {
    fault: `${most.table} got ${most.new_parts} parts in the minute ${most.minute} UTC, of ${most.rows_each} rows each`,
    remedy: largerInserts,
  };
}
