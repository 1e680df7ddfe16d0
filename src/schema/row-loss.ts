/** What keeps a table's rows, in ClickHouse's words. */
export interface TableEngine {
  engine?: string;
  /** The ORDER BY expression. */
  sortingKey?: string;
  /** The engine with its clauses and settings. */
  engineFull?: string;
}

/** Why a table keeps fewer rows than it is given, by design. */
export interface RowLoss {
  /**
   * `merged`: rows are made into fewer, or not kept at all: neither missing nor doubled ones can be counted. `expired`:
   * rows go when their time is over: doubled ones can be counted, and missing ones when there are none.
   */
  kind: "merged" | "expired";
  /** A sentence's end: "ReplacingMergeTree keeps one row of those with the same sorting key". */
  why: string;
}

/** What cannot be counted because of it, in the words of doctor, report and `millrace reconcile`. */
export function rowLossText({ kind, why }: RowLoss): string {
  return kind === "merged"
    ? `missing and doubled rows cannot be counted: ${why}`
    : `rows that are not there cannot be called missing: ${why}`;
}

const mergingEngines: [engine: RegExp, what: string][] = [
  [/ReplacingMergeTree$/, "keeps one row of those with the same sorting key"],
  [/VersionedCollapsingMergeTree$/, "takes rows with the same sorting key and opposite signs away"],
  [/CollapsingMergeTree$/, "takes rows with the same sorting key and opposite signs away"],
  [/CoalescingMergeTree$/, "makes one row of those with the same sorting key"],
  [/AggregatingMergeTree$/, "makes one row of those with the same sorting key"],
  [/SummingMergeTree$/, "makes one row of those with the same sorting key, and drops sums of zero"],
  [/GraphiteMergeTree$/, "rolls older rows up"],
  [/^(EmbeddedRocksDB|Join|Set|KeeperMap)$/, "keeps one row of a key"],
  [/^Null$/, "keeps no rows: its views get each insert once"],
];

/**
 * Judges a table by what ClickHouse says of it. `coordinates`: its columns for topic, partition and offset, if it has
 * them: where they are the sorting key, or a part of it, no two records share one, and nothing is lost by merging.
 * `hasHorizon`: somebody bounds the event times, so that a row does not expire as soon as it is stored.
 */
export function rowLossOf(
  table: TableEngine,
  coordinates: string[] | undefined,
  hasHorizon: boolean,
): RowLoss | undefined {
  const { engine = "", engineFull = "", sortingKey = "" } = table;
  const merging = mergingEngines.find(([pattern]) => pattern.test(engine));
  const isOwnRow = coordinates !== undefined && isWithin(coordinates, sortingKey) && !/Summing|Graphite/.test(engine);
  if (merging !== undefined && !isOwnRow) return { kind: "merged", why: `${engine} ${merging[1]}` };
  const ttl = ttlOf(engineFull);
  if (hasHorizon || !ttl.some(deletesRows)) return undefined;
  return { kind: "expired", why: `TTL ${ttl.join(", ")} deletes rows` };
}

function isWithin(names: string[], sortingKey: string): boolean {
  const parts = new Set(splitList(sortingKey).map((part) => part.replace(/^`(.*)`$/, "$1")));
  return names.every((name) => parts.has(name));
}

/** The table's TTL clauses as ClickHouse prints them; those of single columns are not among them. */
function ttlOf(engineFull: string): string[] {
  const clauses = / TTL (.*?)(?: SETTINGS .*)?$/s.exec(engineFull)?.[1];
  return clauses === undefined ? [] : splitList(clauses);
}

/** Any TTL but those that move or recompress parts: `DELETE`, with or without the word, and `GROUP BY`. */
function deletesRows(clause: string): boolean {
  return !/ (TO (DISK|VOLUME) |RECOMPRESS )/.test(clause);
}

/** Cuts at the commas that stand in no parentheses. */
function splitList(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const [at, sign] of [...text].entries()) {
    if (sign === "(") depth += 1;
    else if (sign === ")") depth -= 1;
    else if (sign === "," && depth === 0) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  const last = text.slice(start).trim();
  return last === "" ? parts : [...parts, last];
}
