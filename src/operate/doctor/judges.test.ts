import { describe, expect, it } from "vitest";
import type { ClickHouseFacts, KafkaFacts, PartitionFacts, SettingFacts, SetUp, TableFacts } from "./facts.ts";
import { findingCodes, guaranteeOf } from "./finding.ts";
import { judge } from "./run-doctor.ts";
import { clickHouse, kafka, plan, recordColumn, setUp, table } from "./testing/fixtures.ts";

/** What is not "ok" in a set-up that is good but for one thing. */
function ailments(facts: { clickHouse?: ClickHouseFacts; kafka?: KafkaFacts; setUp?: SetUp }) {
  const findings = judge({ setUp: setUp(), clickHouse: clickHouse(), kafka: kafka(), ...facts });
  for (const { code, severity, remedy } of findings) {
    expect(findingCodes).toContain(code);
    if (severity === "error" || severity === "weakens") expect(remedy?.length).toBeGreaterThan(0);
  }
  return findings.filter(({ severity }) => severity !== "ok");
}

const codes = (facts: Parameters<typeof ailments>[0]) => ailments(facts).map(({ code, severity }) => [code, severity]);
const withTable = (changes: Partial<TableFacts>) => ({ clickHouse: clickHouse({ tables: [table(changes)] }) });
const setting = (changes: Partial<SettingFacts>): SettingFacts => ({
  value: "1",
  readonly: false,
  min: undefined,
  max: undefined,
  disallowed: [],
  ...changes,
});

describe("judge(): tables that keep fewer rows than they are given", () => {
  it("says what cannot be counted, and that the guarantee holds", () => {
    const rowLoss = {
      kind: "merged",
      why: "ReplacingMergeTree keeps one row of those with the same sorting key",
    } as const;
    const findings = ailments({ setUp: setUp({ plans: [plan({ rowLoss })] }) });
    expect(findings).toMatchObject([
      {
        code: "table.row-loss",
        severity: "notice",
        where: "d.target",
        found: `missing and doubled rows cannot be counted: ${rowLoss.why}`,
      },
    ]);
    expect(guaranteeOf(findings)).toBe("exactly-once");
  });
});

describe("judge(): ClickHouse", () => {
  it("finds nothing in a good set-up", () => expect(codes({})).toEqual([]));

  it.each([
    ["a server before 24.8", { version: "24.3.1.2672" }, [["clickhouse.version", "error"]]],
    ["the first that can", { version: "24.8.1.1" }, []],
    ["a clock that is off", { clock: { offsetMs: -5_000, uncertaintyMs: 2 } }, [["clickhouse.clock", "notice"]]],
    ["a slow way there", { clock: { offsetMs: 0, uncertaintyMs: 6_000 } }, [["clickhouse.clock", "weakens"]]],
    ["another time zone", { timeZone: "Europe/Berlin" }, [["clickhouse.timezone", "notice"]]],
    ["a balancer over plain tables", { serverIds: ["a", "b"] }, [["clickhouse.many-servers", "weakens"]]],
    ["a locked setting", { settings: { async_insert: setting({ readonly: true }) } }, [["setting.locked", "error"]]],
    ["a bounded setting", { settings: { async_insert: setting({ min: "1" }) } }, [["setting.locked", "error"]]],
    ["locked at what we send", { settings: { async_insert: setting({ readonly: true, value: "0" }) } }, []],
    [
      "views that may fail silently",
      { settings: { materialized_views_ignore_errors: setting({}) } },
      [["setting.value", "weakens"]],
    ],
  ])("%s", (_name, server, expected) => expect(codes({ clickHouse: clickHouse({ server }) })).toEqual(expected));

  it.each<[string, Partial<TableFacts>, [string, string][]]>([
    [
      "the server's own window of an hour is shorter than a day's outage",
      { engineFull: "ReplicatedMergeTree('/p', 'r') ORDER BY id", engine: "ReplicatedMergeTree" },
      [["table.window-seconds", "weakens"]],
    ],
    [
      "a replicated table that remembers a day; how many inserts, the server's setting says",
      {
        engine: "ReplicatedMergeTree",
        engineFull:
          "ReplicatedMergeTree('/p', 'r') ORDER BY id SETTINGS replicated_deduplication_window_seconds = 86400",
      },
      [],
    ],
    [
      "a replicated table that forgets by the clock",
      {
        engine: "ReplicatedMergeTree",
        engineFull: "ReplicatedMergeTree ORDER BY id SETTINGS replicated_deduplication_window_seconds = 60",
      },
      [["table.window-seconds", "weakens"]],
    ],
    [
      "a cloud table with a small window",
      {
        engine: "SharedMergeTree",
        engineFull:
          "SharedMergeTree ORDER BY id SETTINGS replicated_deduplication_window = 100, replicated_deduplication_window_seconds = 86400",
      },
      [["table.window-span", "weakens"]],
    ],
    ["more inserts than reckoned", { partsPerMinuteMax: 60_000 }, [["table.window-span", "weakens"]]],
    ["a read-only replica", { isReadonly: true }, [["table.readonly", "error"]]],
    [
      "Distributed",
      { engine: "Distributed", engineFull: "Distributed('c', 'd', 'local', rand())" },
      [["table.engine", "weakens"]],
    ],
    ["Buffer", { engine: "Buffer", engineFull: "Buffer('d', 'behind', 1, 10, 100)" }, [["table.engine", "weakens"]]],
    ["Null", { engine: "Null", engineFull: "Null" }, [["table.engine", "notice"]]],
    ["Memory", { engine: "Memory", engineFull: "Memory" }, [["table.engine", "weakens"]]],
    ["partitions by the clock itself", { partitionKey: "toDate(now())" }, [["table.partition-key", "weakens"]]],
  ])("%s", (_name, changes, expected) => expect(codes(withTable(changes))).toEqual(expected));

  it("judges a window that goes by time against the longest outage that is to be survived", () => {
    const engineFull =
      "ReplicatedMergeTree('/p', 'r') ORDER BY id SETTINGS replicated_deduplication_window_seconds = 86400";
    const day = withTable({ engine: "ReplicatedMergeTree", engineFull });
    const [found] = ailments({ ...day, setUp: setUp({ surviveMs: 3 * 86_400_000 }) });
    expect(found).toMatchObject({ code: "table.window-seconds", severity: "weakens" });
    expect(found!.remedy!.at(-1)).toContain("replicated_deduplication_window_seconds = 259200");
  });

  it("names the table behind Buffer and Distributed, and how to write there", () => {
    const [buffer] = ailments(withTable({ engine: "Buffer", engineFull: "Buffer('d', 'behind', 1, 10)" }));
    expect(buffer!.remedy!.at(-1)).toContain("--table d.behind");
    const [far] = ailments(withTable({ engine: "Distributed", engineFull: "Distributed('c', 'd', 'local', rand())" }));
    expect(far!.remedy!.at(-1)).toContain("--table d.local");
  });

  it("finds partitions by a time that a repeat does not have again, and proposes one that it has", () => {
    const columns = [
      ...plan().columns,
      recordColumn("processed_ts", "processed"),
      recordColumn("kafka_ts", "timestamp"),
    ];
    const target = table({
      partitionKey: "toDate(processed_ts)",
      engineFull:
        "ReplacingMergeTree(id) PARTITION BY toDate(processed_ts) ORDER BY id SETTINGS non_replicated_deduplication_window = 100000",
      engine: "ReplacingMergeTree",
      columns: columns.map(({ name }) => ({ name, defaultKind: "", defaultExpression: "" })),
    });
    const found = ailments({
      setUp: setUp({ plans: [plan({ columns })] }),
      clickHouse: clickHouse({ tables: [target] }),
    });
    expect(found).toMatchObject([{ code: "table.partition-key", found: expect.stringContaining("processed") }]);
    expect(found[0]!.remedy).toContainEqual(
      expect.stringContaining("ENGINE = ReplacingMergeTree(id) PARTITION BY toDate(kafka_ts) ORDER BY (id)"),
    );
  });

  it.each<[string, string, boolean]>([
    ["a day of the source", "SELECT toDate(ts) AS day, count() AS c FROM d.target GROUP BY day", false],
    ["a default of the source", "SELECT toDate(stored) AS day FROM d.target", true],
    ["the same through WITH", "WITH toStartOfDay(stored) AS moment SELECT toDate(moment) AS day FROM d.target", true],
    ["the same through a subquery", "SELECT toDate(moment) AS day FROM (SELECT stored AS moment FROM d.target)", true],
    ["the same name inside and outside", "SELECT toDate(ts) AS day, stored AS seen FROM d.target", false],
    ["everything", "SELECT * FROM d.target", false],
    ["a logical expression", "SELECT id, ts > 0 AND stored > 0 AS day FROM d.target", true],
    ["quoted names", "SELECT `t`.`stored` AS `day` FROM d.target AS t", true],
  ])("follows a view's partition key to %s", (_name, select, isUnstable) => {
    const source = table({
      columns: [
        { name: "ts", defaultKind: "", defaultExpression: "" },
        { name: "stored", defaultKind: "DEFAULT", defaultExpression: "now64(3)" },
      ],
    });
    const behind = table({
      name: "d.behind",
      table: "behind",
      partitionKey: "day",
      columns: [{ name: "day", defaultKind: "", defaultExpression: "" }],
      views: [{ name: "d.view", source: "d.target", select }],
    });
    const found = codes({ clickHouse: clickHouse({ tables: [source, behind] }) });
    expect(found).toEqual(isUnstable ? [["table.partition-key", "weakens"]] : []);
  });

  it("notices views that compute what cannot be checked", () => {
    const views = [{ name: "d.view", source: "d.target", select: "SELECT throwIf(id = 0), now() AS at FROM d.target" }];
    const [found] = ailments({ clickHouse: clickHouse({ tables: [table(), table({ name: "d.behind", views })] }) });
    expect(found).toMatchObject({
      code: "view.expression",
      where: "d.view",
      found: expect.stringContaining("throwIf()"),
    });
  });

  it("says which right, setting or table a refused insert lacks", () => {
    const trial = (code: string) => ({ trials: [{ table: "d.target", error: { code, message: "no" } }] });
    expect(ailments({ clickHouse: clickHouse(trial("497")) })[0]).toMatchObject({
      code: "table.trial-insert",
      severity: "error",
      remedy: ["GRANT INSERT, SELECT ON d.target TO writer;"],
    });
    const grants = (["INSERT", "SELECT", "CREATE TABLE"] as const).map((right) => ({
      table: "d.target",
      right,
      granted: false,
    }));
    expect(codes({ clickHouse: clickHouse({ grants }) })).toEqual([
      ["rights.insert", "error"],
      ["rights.select", "notice"],
      ["rights.create", "notice"],
    ]);
    const unseen = { name: "d.secret", kind: "unseen" as const, engine: "", reachedFrom: "d.target" };
    expect(codes({ clickHouse: clickHouse({ others: [unseen] }) })).toEqual([["table.unseen", "weakens"]]);
  });
});

describe("judge(): Kafka", () => {
  const at = (changes: Partial<PartitionFacts>): PartitionFacts => ({
    topic: "flow",
    partition: 0,
    logStart: 0,
    logEnd: 1_000,
    committed: 900,
    metadata: "",
    produceRate: 0,
    youngerThanHalf: undefined,
    youngerThanFourFifths: undefined,
    ...changes,
  });
  const withTopic = (
    config: Record<string, string>,
    partition: Partial<PartitionFacts> = {},
  ): { kafka: KafkaFacts } => ({
    kafka: kafka({
      topics: [{ name: "flow", exists: true, partitions: 1, replicas: 3, config }],
      partitions: [at(partition)],
    }),
  });
  const day = String(86_400_000);

  it.each<[string, { kafka: KafkaFacts }, [string, string][]]>([
    [
      "a log cut by size, next record near its start",
      withTopic({ "retention.bytes": "1000" }, { logStart: 100, committed: 200, produceRate: 1 }),
      [["lag.retention", "weakens"]],
    ],
    [
      "the same with hours to spare",
      withTopic({ "retention.bytes": "1000" }, { logStart: 100, logEnd: 90_000, committed: 80_000, produceRate: 1 }),
      [],
    ],
    ["a log that was never cut", withTopic({ "retention.bytes": "1000" }, { produceRate: 100 }), []],
    [
      "old records, all read",
      withTopic({ "retention.ms": day }, { committed: 1_000, youngerThanFourFifths: 1_000 }),
      [],
    ],
    [
      "old records, unread",
      withTopic({ "retention.ms": day }, { youngerThanHalf: 1_000, youngerThanFourFifths: 950 }),
      [["lag.retention", "weakens"]],
    ],
    [
      "a group that has not begun",
      withTopic({ "retention.ms": day }, { committed: undefined, youngerThanFourFifths: 950 }),
      [],
    ],
    ["committed below the log's start", withTopic({}, { logStart: 950 }), [["lag.lost", "weakens"]]],
    [
      "unclean elections",
      withTopic({ "unclean.leader.election.enable": "true" }),
      [["topic.unclean-election", "weakens"]],
    ],
    [
      "a broker before record batches",
      { kafka: kafka({ versions: [{ name: "Fetch", broker: { min: 0, max: 3 }, client: { min: 0, max: 11 } }] }) },
      [["kafka.version", "error"]],
    ],
    [
      "a broker before zstd",
      { kafka: kafka({ versions: [{ name: "Fetch", broker: { min: 0, max: 8 }, client: { min: 0, max: 11 } }] }) },
      [["kafka.version", "notice"]],
    ],
    [
      "a broker that dropped what we speak",
      { kafka: kafka({ versions: [{ name: "JoinGroup", broker: { min: 8, max: 9 }, client: { min: 0, max: 5 } }] }) },
      [["kafka.version", "error"]],
    ],
    [
      "a group of Connect",
      {
        kafka: kafka({
          group: { state: "Stable", protocolType: "connect", protocol: "", memberClientIds: [], unassigned: [] },
        }),
      },
      [["group.protocol", "error"]],
    ],
    [
      "a topic that may not be read",
      { kafka: kafka({ denied: [{ what: "topic", name: "flow", message: "no" }] }) },
      [["kafka.rights", "error"]],
    ],
    [
      "a configuration that may not be read",
      { kafka: kafka({ denied: [{ what: "configs", name: "flow", message: "no" }] }) },
      [["kafka.rights", "notice"]],
    ],
  ])("%s", (_name, facts, expected) => expect(codes(facts)).toEqual(expected));

  it("asks for a window that holds with the partitions and members that there are", () => {
    const topics = [{ name: "flow", exists: true, partitions: 400, replicas: 3, config: {} }];
    const memberClientIds = Array.from({ length: 8 }, () => "millrace");
    const group = {
      state: "Stable",
      protocolType: "consumer",
      protocol: "RoundRobinAssigner",
      memberClientIds,
      unassigned: [],
    };
    const found = ailments({ kafka: kafka({ topics, group }) });
    expect(found).toMatchObject([{ code: "table.window-span", severity: "weakens" }]);
    const inserts = Number(/window = (\d+)/.exec(found[0]!.remedy![0]!)![1]);
    const engineFull = `MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = ${inserts}`;
    expect(
      codes({ kafka: kafka({ topics, group }), clickHouse: clickHouse({ tables: [table({ engineFull })] }) }),
    ).toEqual([]);
  });
});
