import { createHash } from "node:crypto";

/** What a set of records comes to: equal for equal multisets, whatever the order in which they were read. */
export interface RecordDigest {
  readonly count: number;
  /** SHA-256, in hex, over the sorted lines. */
  readonly sha256: string;
}

const LONG_EVERY = 8_000;
/** Larger than a producer's batch, smaller than the megabyte that a broker accepts for one. */
const LONG_TEXT = "wide µ ".repeat(40_000);
const WORDS = ["timeout", "größer", "数据", "cache miss", "ok", "retry später", "🚚 shipped"];

/**
 * `count` distinct records as lines `key TAB value`, both without TAB and line feed. Each value names its topic, so
 * that one run of a client over all topics can be told apart, and a few values are a quarter of a megabyte long.
 */
export function sampleRecords(topic: string, count: number): string[] {
  const lines: string[] = [];
  for (let n = 0; n < count; n++) {
    const text = n % LONG_EVERY === 7 ? LONG_TEXT : WORDS[n % WORDS.length];
    const words = (Math.imul(n + 1, 2_654_435_761) >>> 0).toString(36).repeat(1 + (n % 40));
    lines.push(`key-${n % 1_000}\t{"topic":"${topic}","n":${n},"noise":"${words}","text":"${text}"}`);
  }
  return lines;
}

/** The digest of lines in any order. */
export function digestOf(lines: readonly string[]): RecordDigest {
  const hash = createHash("sha256");
  // In pieces: a joined text of all lines would be copied twice by the conversion to bytes.
  const sorted = [...lines].sort();
  for (let from = 0; from < sorted.length; from += 10_000) {
    hash.update(`${sorted.slice(from, from + 10_000).join("\n")}\n`);
  }
  return { count: lines.length, sha256: hash.digest("hex") };
}

/** Splits what a client read into the digest of each topic, by the topic that the values name. */
export function digestByTopic(lines: Iterable<string>): Record<string, RecordDigest> {
  const byTopic = new Map<string, string[]>();
  for (const line of lines) {
    if (line === "") continue;
    const topic = /^[^\t]*\t\{"topic":"([^"]+)"/.exec(line)?.[1] ?? `not a sample record: ${line.slice(0, 80)}`;
    const known = byTopic.get(topic);
    if (known === undefined) byTopic.set(topic, [line]);
    else known.push(line);
  }
  return Object.fromEntries([...byTopic].map(([topic, mine]) => [topic, digestOf(mine)]));
}
