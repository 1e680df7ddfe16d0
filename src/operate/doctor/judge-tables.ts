import { tableSetting } from "../../clients/clickhouse/table-definition.ts";
import { defaultMigrationSettings } from "../migrations/migration-settings.ts";
import type { ClickHouseFacts, OtherObject, SetUp, TableFacts } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { durationText, estimateEntryRate, partitionsOfInsert, roundUp, windowSpanMs } from "./insert-rate.ts";
import { alterWindow, engineCall, isReplicated, rebuildTable, sortingKeyOf, stablePartitionKey } from "./remedies.ts";
import { UnstableColumns } from "./unstable-columns.ts";

const HOUR_MS = 3_600_000;
/** Windows are sized for an hour of inserts; below half of it a person should know. */
const USUAL_SPAN_MS = HOUR_MS / 2;
/** What `millrace migrate` gives its own tables. */
const { deduplicationWindowInserts: WINDOW_INSERTS, deduplicationWindowSeconds: WINDOW_SECONDS } =
  defaultMigrationSettings;

/** What the rate depends on besides table and set-up. */
export interface Load {
  /** Kafka partitions by topic. */
  partitionsByTopic: ReadonlyMap<string, number>;
  /** Members of the group, at least 1. */
  instances: number;
}

/** Judges everything that inserts reach. Pure. */
export function judgeTables(facts: ClickHouseFacts, setUp: SetUp, load: Load): Finding[] {
  const unstable = new UnstableColumns(setUp.plans, facts.tables);
  return [
    ...facts.others.flatMap((other) => judgeOther(other, facts.server.user)),
    ...facts.tables.flatMap((table) => [
      ...judgeEngine(table),
      ...judgeWindow(table, facts, setUp, load),
      ...judgePartitionKey(table, setUp, unstable),
    ]),
  ];
}

function judgeOther({ name, kind, engine, reachedFrom }: OtherObject, user: string): Finding[] {
  const about = { where: name };
  if (kind === "absent") {
    return [
      {
        ...about,
        code: "table.absent",
        severity: "error",
        found: `there is no such table, though ${reachedFrom} writes into it`,
        meaning: "every insert fails",
        remedy: ["-- create it again, or drop the view that writes into it"],
      },
    ];
  }
  if (kind === "unseen") {
    return [
      {
        ...about,
        code: "table.unseen",
        severity: "weakens",
        found: `it reads from ${reachedFrom}, but this user may not see it`,
        meaning: "whether a repeated insert counts twice behind it cannot be judged",
        remedy: [`GRANT SHOW TABLES, SHOW COLUMNS ON ${name} TO ${user};`],
      },
    ];
  }
  if (kind === "refreshable") {
    const found = "it is refreshed by the clock, not by inserts: a repeat cannot reach it";
    return [{ ...about, code: "view.kind", severity: "ok", found }];
  }
  if (kind === "overView") {
    const found = "it reads from another view: ClickHouse pushes no inserts into it";
    const remedy = [`-- let it read from the table of that view: FROM ${reachedFrom}`];
    return [{ ...about, code: "view.kind", severity: "notice", found, meaning: "it stays empty", remedy }];
  }
  const found = `inserts into ${reachedFrom} feed it, a ${engine}, which remembers no inserts`;
  return [{ ...about, code: "view.kind", severity: "notice", where: name, found }];
}

function judgeEngine(table: TableFacts): Finding[] {
  const { name: where, engine } = table;
  const code = "table.engine";
  if (/MergeTree$/.test(engine)) {
    if (!table.isReadonly) return [];
    const meaning = "every insert fails until it has found its Keeper again";
    const remedy = [`SYSTEM RESTART REPLICA ${where};`, `SYSTEM RESTORE REPLICA ${where};`];
    return [{ code: "table.readonly", severity: "error", where, found: "the replica is read-only", meaning, remedy }];
  }
  if (engine === "Null") {
    const found = "engine Null: it keeps no rows; its views get each insert once";
    const meaning = "missing and duplicate records cannot be counted here";
    return [{ code, severity: "notice", where, found, meaning }];
  }
  if (engine === "Distributed" || engine === "Buffer") return [judgeForwarding(table)];
  return [
    {
      code,
      severity: "weakens",
      where,
      found: `engine ${engine} remembers no inserts`,
      meaning: "an insert that is repeated after a crash or a lost answer counts twice here",
      remedy: rebuildTable(
        table,
        { engine: "MergeTree", partitionKey: "tuple()", sortingKey: "tuple()" },
        WINDOW_INSERTS,
        WINDOW_SECONDS,
      ),
    },
  ];
}

/** Engines that pass rows on to another table, some time later. */
function judgeForwarding({ name: where, engine, engineFull }: TableFacts): Finding {
  const [first = "", second = "", third = ""] = [...engineFull.matchAll(/'((?:[^'\\]|\\.)*)'/g)].map(
    ([, text]) => text,
  );
  const behind = engine === "Buffer" ? `${first}.${second}` : `${second}.${third}`;
  const meaning =
    engine === "Buffer"
      ? "rows are acknowledged while they are in memory only: a restart of ClickHouse loses them, and a repeat doubles them"
      : "rows are acknowledged before they have reached their shard, and a repeat can go to another shard";
  return {
    code: "table.engine",
    severity: "weakens",
    where,
    found: `engine ${engine}: it passes rows on to ${behind}`,
    meaning,
    remedy: [
      engine === "Buffer"
        ? "# write into the table behind it; the ingester collects rows itself"
        : "# write into the local table of each shard: one ingester a shard, each with topics of its own",
      `millrace start --topic … --table ${behind}`,
    ],
  };
}

function judgeWindow(table: TableFacts, facts: ClickHouseFacts, setUp: SetUp, load: Load): Finding[] {
  if (!/MergeTree$/.test(table.engine)) return [];
  const { name: where } = table;
  const replicated = isReplicated(table.engine);
  const setting = replicated ? "replicated_deduplication_window" : "non_replicated_deduplication_window";
  const defaults = replicated ? facts.server.tableSettings.replicated : facts.server.tableSettings.plain;
  const read = (name: string) => Number(tableSetting(table.engineFull, name) ?? defaults[name] ?? 0);
  const inserts = read(setting);
  const partitions = table.topics.reduce((sum, topic) => sum + (load.partitionsByTopic.get(topic) ?? 1), 0);
  const rate = estimateEntryRate(setUp, table, partitions, load.instances);
  const measured = (table.partsPerMinuteMax ?? 0) / 60;
  const neededMs = neededSpanMs(setUp, facts);
  const spanMs = windowSpanMs(inserts, Math.max(rate.worstPerSecond, measured));
  const usualMs = windowSpanMs(inserts, Math.max(rate.usualPerSecond, measured));
  const wanted = Math.max(
    WINDOW_INSERTS,
    roundUp((2 * neededMs * Math.max(rate.worstPerSecond, measured)) / 1000),
    roundUp((HOUR_MS * Math.max(rate.usualPerSecond, measured)) / 1000),
  );
  const remedy = alterWindow(table, wanted, Math.max(WINDOW_SECONDS, Math.ceil(setUp.surviveMs / 1000)));
  if (inserts === 0) {
    const meaning = "an insert that is repeated after a crash or a lost answer counts twice here";
    return [{ code: "table.window", severity: "weakens", where, found: `${setting} is 0`, meaning, remedy }];
  }
  const seconds = replicated ? read("replicated_deduplication_window_seconds") : Number.POSITIVE_INFINITY;
  const findings: Finding[] = [];
  const span = `remembers ${inserts} inserts: ${durationText(usualMs)} at the usual rate, ${durationText(spanMs)} at the worst`;
  if (spanMs < neededMs) {
    findings.push({
      code: "table.window-span",
      severity: "weakens",
      where,
      found: `${span}${measured > rate.worstPerSecond ? " (measured)" : ""}; ${durationText(neededMs)} are needed`,
      meaning: `an owner that was stopped, or an upload that stalled, can insert once more when its token is forgotten (fence ${durationText(setUp.fenceMs)} + session ${durationText(setUp.sessionTimeoutMs)} + the longest insert)`,
      remedy,
    });
  } else if (usualMs < USUAL_SPAN_MS) {
    const meaning = "a range that is in doubt for longer, while others go on, is doubled";
    findings.push({ code: "table.window-span", severity: "notice", where, found: span, meaning, remedy });
  } else findings.push({ code: "table.window-span", severity: "ok", where, found: span });
  if (seconds * 1000 < Math.max(neededMs, setUp.surviveMs)) {
    findings.push({
      code: "table.window-seconds",
      severity: "weakens",
      where,
      found:
        `forgets inserts after ${durationText(seconds * 1000)} (replicated_deduplication_window_seconds); ` +
        `${durationText(setUp.surviveMs)} are to be survived (--survive)`,
      meaning:
        "after a longer outage a range in flight is not known by its token: its rows are looked up in the table, a view " +
        "that lacks them is not completed, and where rows cannot be looked up the ingester stops",
      remedy,
    });
  }
  return findings;
}

/**
 * How long a token must be remembered: an owner proves its ownership, is stopped and loses the partition (session), its
 * insert may begin until the fence closes, and may then run, or its upload stall, until the server ends it.
 */
function neededSpanMs(setUp: SetUp, { server }: ClickHouseFacts): number {
  const receiveSeconds = Number(server.settings.http_receive_timeout?.value ?? 30);
  return setUp.fenceMs + setUp.sessionTimeoutMs + Math.max(server.insertSecondsMax, receiveSeconds) * 1000;
}

function judgePartitionKey(table: TableFacts, setUp: SetUp, unstable: UnstableColumns): Finding[] {
  const { name: where, partitionKey } = table;
  if (partitionKey === "" || !/MergeTree$/.test(table.engine)) return [];
  const reason = unstable.inExpression(partitionKey, table.name);
  if (reason === undefined) {
    const touched = partitionsOfInsert(setUp, table);
    const found = `PARTITION BY ${partitionKey} is the same at each repeat; an insert is reckoned to touch up to ${touched}`;
    return [{ code: "table.partition-key", severity: "ok", where, found }];
  }
  const columns = unstable.of(table.name);
  const wanted = {
    engine: engineCall(table),
    partitionKey: stablePartitionKey(table, setUp.plans, (name) => !columns.has(name)),
    sortingKey: sortingKeyOf(table),
  };
  return [
    {
      code: "table.partition-key",
      severity: "weakens",
      where,
      found: `PARTITION BY ${partitionKey}: ${reason}`,
      meaning: "a repeated insert lands in another partition, where its token is not known, and counts twice",
      remedy: rebuildTable(table, wanted, WINDOW_INSERTS, WINDOW_SECONDS),
    },
  ];
}
