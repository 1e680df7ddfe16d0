import type { BundleRig } from "./bundle-rig.ts";

interface Place {
  topic: string;
  partition: number;
  offset: number;
}

interface Run extends Omit<Place, "offset"> {
  first: number;
  last: number;
}

/** Where the offsets of some topics are: how many in rows, dead letters and gaps, and what is not there just once. */
export interface Account {
  rows: number;
  letters: number;
  /** Offsets in noted gaps. */
  gaps: number;
  /** One text an offset that is nowhere, or there more than once. */
  faults: string[];
}

/**
 * Looks at every offset from 0 to the end of the log: each has to be a row, a dead letter, or in one noted gap.
 *
 * @param ends by topic: the log's end of each partition
 */
export async function account(rig: BundleRig, table: string, ends: Record<string, number[]>): Promise<Account> {
  const topics = Object.keys(ends)
    .map((topic) => `'${topic}'`)
    .join(", ");
  const placesOf = (from: string, column: string) =>
    rig.rows<Place>(
      `SELECT toString(${column}) AS topic, toInt32(kafka_partition) AS partition, toInt32(kafka_offset) AS offset
       FROM ${from} WHERE ${column} IN (${topics})`,
    );
  const rows = await placesOf(`b.${table}`, "kafka_topic");
  const letters = await placesOf("analytics.fact_event_dlq", "topic");
  const runs = await rig.rows<Run>(
    `SELECT toString(topic) AS topic, toInt32(partition) AS partition, toInt32(run.1) AS first, toInt32(run.2) AS last
     FROM analytics.millrace_gaps FINAL ARRAY JOIN arrayZip(run_first, run_last) AS run WHERE topic IN (${topics})`,
  );
  const gaps = runs.flatMap(({ first, last, ...at }) =>
    Array.from({ length: last - first + 1 }, (_, index) => ({ ...at, offset: first + index })),
  );
  const counts = new Map<string, number>();
  for (const { topic, partition, offset } of [...rows, ...letters, ...gaps]) {
    const key = `${topic}:${partition} offset ${offset}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const faults: string[] = [];
  for (const [topic, ofTopic] of Object.entries(ends)) {
    for (const [partition, end] of ofTopic.entries()) {
      for (let offset = 0; offset < end; offset += 1) {
        const key = `${topic}:${partition} offset ${offset}`;
        const count = counts.get(key) ?? 0;
        if (count !== 1) faults.push(`${key}: ${count} times`);
        counts.delete(key);
      }
    }
  }
  for (const [key, count] of counts) faults.push(`${key}: ${count} times, beyond the log`);
  return { rows: rows.length, letters: letters.length, gaps: gaps.length, faults };
}
