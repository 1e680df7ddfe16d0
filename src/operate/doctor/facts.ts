import type { ClockOffset } from "../../clients/clickhouse/clock-offset.ts";
import type { PartitionOffsets } from "../../clients/kafka/offsets.ts";
import type { TablePlan } from "../../schema/plan.ts";
import type { UnassignedTopic } from "./group-gaps.ts";

/** What `millrace start` would run: everything that the judgement depends on besides the servers. */
export interface SetUp {
  plans: TablePlan[];
  groupId: string;
  from: "earliest" | "latest";
  profile: { name: string; flushRows: number; flushIntervalMs: number; insertsMax: number; bytesMax: number };
  vcpus: number;
  /** How long after the proof of ownership an insert may begin. */
  fenceMs: number;
  sessionTimeoutMs: number;
  /** The longest outage behind which a range in flight must still be known by its token (`--survive`). */
  surviveMs: number;
  /** Most bytes that one fetch returns for one partition. */
  fetchBytesPerPartition: number;
  embedded: { kafka: boolean; clickHouse: boolean };
  /** As in KAFKA_BROKERS: for commands to paste. */
  brokers: string[];
  /** Topics that `start` creates when they are absent. */
  creatableTopics: readonly string[];
}

/** A setting of the user's session, from system.settings. */
export interface SettingFacts {
  value: string;
  /** The profile forbids to change it. */
  readonly: boolean;
  min: string | undefined;
  max: string | undefined;
  disallowed: string[];
}

export interface ServerFacts {
  version: string;
  timeZone: string;
  user: string;
  clock: ClockOffset;
  /** As answered over several connections: more than one when a balancer stands in between. */
  serverIds: string[];
  settings: Record<string, SettingFacts>;
  /** What each insert sets (src/ingest/sink/insert-settings.ts), as far as this server knows the settings. */
  sentSettings: Record<string, string>;
  /** So long may an insert run from its fence on. */
  insertSecondsMax: number;
  /** Server-wide defaults of table settings, by engine kind. */
  tableSettings: { plain: Record<string, string>; replicated: Record<string, string> };
}

/** A SELECT that fills a table from another one at each insert. */
export interface ViewFacts {
  /** Database-qualified. */
  name: string;
  /** The table whose inserts it reads. */
  source: string;
  select: string;
}

export interface ColumnFacts {
  name: string;
  defaultKind: string;
  defaultExpression: string;
}

/** A table that inserts reach, directly or through views. */
export interface TableFacts {
  /** Database-qualified. */
  name: string;
  database: string;
  table: string;
  engine: string;
  /** With its clauses and settings, as ClickHouse prints it. */
  engineFull: string;
  partitionKey: string;
  sortingKey: string;
  databaseEngine: string;
  columns: ColumnFacts[];
  /** Views that write into it; none for a table that is inserted into directly only. */
  views: ViewFacts[];
  /** Direct targets of plans: the plans' names, and whether it takes their dead letters. */
  plans: string[];
  takesDeadLetters: boolean;
  /** Topics whose records end up here. */
  topics: string[];
  isReadonly: boolean;
  /** Parts that inserts have made, in the busiest minute of the last eight; undefined when it cannot be read. */
  partsPerMinuteMax: number | undefined;
}

/** Something that inserts reach, but that is no table we can judge. */
export interface OtherObject {
  name: string;
  kind: "absent" | "unseen" | "refreshable" | "overView" | "unknown";
  engine: string;
  reachedFrom: string;
}

/** What an insert of no rows met, made with all settings of a real one; undefined error: it went through. */
export interface TrialInsert {
  table: string;
  error: { code: string; message: string } | undefined;
}

export interface GrantFacts {
  table: string;
  right: "INSERT" | "SELECT" | "CREATE TABLE";
  granted: boolean;
}

export interface ClickHouseFacts {
  server: ServerFacts;
  tables: TableFacts[];
  others: OtherObject[];
  trials: TrialInsert[];
  /** Empty when the server cannot be asked (CHECK GRANT is newer than the oldest supported server). */
  grants: GrantFacts[];
}

export interface ApiVersions {
  name: string;
  /** What the broker offers; undefined: it does not know the request. */
  broker: { min: number; max: number } | undefined;
  client: { min: number; max: number };
}

export interface TopicFacts {
  name: string;
  exists: boolean;
  partitions: number;
  replicas: number;
  /** Undefined when they cannot be read. */
  config: Record<string, string> | undefined;
}

export interface PartitionFacts extends PartitionOffsets {
  /** Text of the group's commit; undefined without a commit. */
  metadata: string | undefined;
  /** Records per second, over the last ten minutes. */
  produceRate: number;
  /** First offset whose record time is younger than half, and than four fifths, of the topic's retention.ms. */
  youngerThanHalf: number | undefined;
  youngerThanFourFifths: number | undefined;
}

export interface GroupFacts {
  state: string;
  protocolType: string;
  /** The assignor of the present members; "" without members. */
  protocol: string;
  memberClientIds: string[];
  /** Partitions of topics that members subscribe to, and which none of them reads. Empty while the group rebalances. */
  unassigned: UnassignedTopic[];
}

export interface KafkaFacts {
  brokerCount: number;
  versions: ApiVersions[];
  /** The smallest value among the brokers; absent where they do not tell. */
  brokerLimits: Record<string, number>;
  topics: TopicFacts[];
  partitions: PartitionFacts[];
  /** Undefined when it cannot be read. */
  group: GroupFacts | undefined;
  /** Topics with records dated more than a minute ahead of this machine's clock. */
  topicsAhead: string[];
  /** What the user may not do, in the broker's words. */
  denied: { what: "group" | "topic" | "configs"; name: string; message: string }[];
}

export interface Facts {
  setUp: SetUp;
  /** Text: why there are none. */
  clickHouse: ClickHouseFacts | string;
  kafka: KafkaFacts | string;
}
