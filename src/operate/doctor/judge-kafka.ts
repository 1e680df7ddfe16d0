import { counted } from "../../core/counted.ts";
import { decodeIntents, METADATA_BYTES_MAX, UnreadableIntents } from "../../ingest/commit/intents.ts";
import type { ApiVersions, GroupFacts, KafkaFacts, SetUp } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { durationText } from "./insert-rate.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Record batches of format 2, which is all that the codec reads, came with this version of Fetch (Kafka 0.11). */
const FETCH_FORMAT_2 = 4;
/** Batches in zstd are withheld from older versions of Fetch (KIP-110, Kafka 2.1). */
const FETCH_ZSTD = 10;

/** Judges brokers and group; topics have a file of their own. Pure. */
export function judgeKafka(facts: KafkaFacts, setUp: SetUp): Finding[] {
  return [
    ...judgeBrokers(facts, setUp),
    ...judgeVersions(facts.versions),
    ...judgeLimits(facts, setUp),
    ...judgeDenied(facts, setUp),
    ...(facts.group === undefined ? [] : judgeGroup(facts.group, setUp)),
    ...judgeMetadata(facts, setUp),
  ];
}

function judgeBrokers({ brokerCount }: KafkaFacts, { embedded, brokers }: SetUp): Finding[] {
  if (!embedded.kafka) {
    const found = `${brokerCount} ${brokerCount === 1 ? "broker answers" : "brokers answer"}`;
    return [{ code: "kafka.version", severity: "ok", where: brokers.join(","), found }];
  }
  const found = "one node without replicas, for demos and tests";
  const meaning = "records are as safe as this machine's disk";
  return [{ code: "kafka.embedded", severity: "notice", where: "embedded Kafka", found, meaning }];
}

function judgeVersions(versions: readonly ApiVersions[]): Finding[] {
  const findings: Finding[] = [];
  for (const { name, broker, client } of versions) {
    const lowest = name === "Fetch" ? FETCH_FORMAT_2 : client.min;
    const common = broker === undefined ? -1 : Math.min(broker.max, client.max);
    if (broker !== undefined && common >= Math.max(lowest, broker.min)) {
      if (name !== "Fetch" || common >= FETCH_ZSTD) continue;
      const found = `Fetch is known up to version ${common}`;
      const meaning = "the broker withholds batches that producers compressed with zstd: the partition stands still";
      const remedy = ["# upgrade Kafka to 2.1 or newer, or let producers use another compression"];
      findings.push({ code: "kafka.version", severity: "notice", where: "Kafka", found, meaning, remedy });
      continue;
    }
    findings.push({
      code: "kafka.version",
      severity: "error",
      where: "Kafka",
      found: `${name} is offered in versions ${broker === undefined ? "none" : `${broker.min} to ${broker.max}`}, the client speaks ${lowest} to ${client.max}`,
      meaning: "records cannot be read",
      remedy: ["# use Kafka 0.11 or newer; tested with 4.1"],
    });
  }
  return findings;
}

function judgeLimits({ brokerLimits }: KafkaFacts, setUp: SetUp): Finding[] {
  const findings: Finding[] = [];
  const metadataBytes = brokerLimits["offset.metadata.max.bytes"];
  if (metadataBytes !== undefined && metadataBytes < METADATA_BYTES_MAX) {
    findings.push({
      code: "broker.offset-metadata",
      severity: "error",
      where: "Kafka brokers",
      found: `offset.metadata.max.bytes is ${metadataBytes}: the ranges in flight need up to ${METADATA_BYTES_MAX}`,
      meaning: "the broker refuses the commit that has to precede an insert",
      remedy: ["# in server.properties of every broker", `offset.metadata.max.bytes=${METADATA_BYTES_MAX}`],
    });
  }
  const minMs = brokerLimits["group.min.session.timeout.ms"] ?? 0;
  const maxMs = brokerLimits["group.max.session.timeout.ms"] ?? Number.POSITIVE_INFINITY;
  if (setUp.sessionTimeoutMs < minMs || setUp.sessionTimeoutMs > maxMs) {
    const isShort = setUp.sessionTimeoutMs < minMs;
    findings.push({
      code: "broker.session-timeout",
      severity: "error",
      where: "Kafka brokers",
      found: `session timeouts from ${minMs} to ${maxMs} ms are accepted, ours is ${setUp.sessionTimeoutMs}`,
      meaning: "the broker does not let the ingester into its group",
      remedy: [
        "# in server.properties of every broker, or choose another --session-timeout",
        `group.${isShort ? "min" : "max"}.session.timeout.ms=${setUp.sessionTimeoutMs}`,
      ],
    });
  }
  const retentionMs = (brokerLimits["offsets.retention.minutes"] ?? 0) * MINUTE_MS;
  if (retentionMs > 0 && retentionMs < DAY_MS) {
    findings.push({
      code: "broker.offsets-retention",
      severity: "weakens",
      where: "Kafka brokers",
      found: `the offsets of a group without members are forgotten after ${durationText(retentionMs)}`,
      meaning:
        setUp.from === "earliest"
          ? "after such a stop everything is read from the start again, and counts twice"
          : "after such a stop reading begins at the end, and what came meanwhile is lost",
      remedy: ["# in server.properties of every broker", "offsets.retention.minutes=10080"],
    });
  }
  if (findings.length === 0) {
    const found = "session timeout and commit metadata are within the brokers' limits";
    findings.push({ code: "broker.session-timeout", severity: "ok", where: "Kafka brokers", found });
  }
  return findings;
}

function judgeDenied({ denied }: KafkaFacts, { brokers, groupId }: SetUp): Finding[] {
  const acl = `kafka-acls.sh --bootstrap-server ${brokers[0]} --add --allow-principal User:…`;
  return denied.map(({ what, name: where, message }): Finding => {
    const found = `${what === "configs" ? "its configuration" : `the ${what}`} cannot be read: ${message}`;
    if (what === "configs") {
      const meaning = "retention and limits are not judged";
      const remedy = [`${acl} --operation DescribeConfigs --topic '*' --cluster`];
      return { code: "kafka.rights", severity: "notice", where, found, meaning, remedy };
    }
    const remedy = [
      what === "group" ? `${acl} --operation Read --group ${groupId}` : `${acl} --operation Read --topic ${where}`,
    ];
    return { code: "kafka.rights", severity: "error", where, found, meaning: "nothing can be read", remedy };
  });
}

function judgeGroup(
  { state, protocolType, protocol, memberClientIds, unassigned }: GroupFacts,
  { groupId: where }: SetUp,
): Finding[] {
  if (protocolType !== "" && protocolType !== "consumer") {
    const found = `the group is used for ${protocolType}, not for consumers`;
    const remedy = ["millrace start --group another-name"];
    return [{ code: "group.protocol", severity: "error", where, found, meaning: "it cannot be joined", remedy }];
  }
  const strangers = [...new Set(memberClientIds.filter((id) => !id.startsWith("millrace")))];
  if (strangers.length > 0) {
    const found = `${strangers.join(", ")} are members of the group (assignor ${protocol})`;
    const meaning = "they take partitions, and commit offsets that nothing in ClickHouse stands for";
    const remedy = ["millrace start --group another-name"];
    return [{ code: "group.members", severity: "weakens", where, found, meaning, remedy }];
  }
  if (unassigned.length > 0) return [unassignedTopics(unassigned, where)];
  const count = memberClientIds.length;
  const found = count === 0 ? `state ${state || "new"}, no members` : `state ${state}, ${count} of our own as members`;
  return [{ code: "group.members", severity: "ok", where, found }];
}

function unassignedTopics(unassigned: GroupFacts["unassigned"], where: string): Finding {
  const list = unassigned.map(({ topic, partitions }) => `${topic} (${partitions.join(", ")})`).join("; ");
  const found = `members subscribe to these topics, and partitions of them are given to nobody: ${list}`;
  const meaning = "what is in them is not read. The group's leader is of an older version, or does not see the topics";
  const remedy = ["# restart the members one by one with this version; a pipeline with topics of its own: --group"];
  return { code: "group.unassigned", severity: "error", where, found, meaning, remedy };
}

/** The metadata of commits: ours, none, or another program's. */
function judgeMetadata({ partitions }: KafkaFacts, { groupId }: SetUp): Finding[] {
  const findings: Finding[] = [];
  let ranges = 0;
  for (const { topic, partition, committed, metadata } of partitions) {
    if (committed === undefined) continue;
    try {
      ranges += decodeIntents(metadata).intents.filter(({ isStored }) => isStored !== true).length;
    } catch (error) {
      if (!(error instanceof UnreadableIntents)) throw error;
      findings.push({
        code: "group.metadata",
        severity: "weakens",
        where: `${topic}:${partition}`,
        found: error.message,
        meaning:
          "which ranges were in flight is not known: what the other program, or version, had stored may be doubled",
        remedy: [
          "# another group, or knowingly without the ranges in flight:",
          "millrace start --group another-name",
          `millrace start --group ${groupId} --unreadable-intents at-least-once`,
        ],
      });
    }
  }
  if (findings.length > 0 || partitions.every(({ committed }) => committed === undefined)) return findings;
  const found = `the commits' metadata can be read: ${counted(ranges, "range")} in flight`;
  return [{ code: "group.metadata", severity: "ok", where: groupId, found }];
}
