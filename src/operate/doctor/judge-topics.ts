import { lagOf } from "../../clients/kafka/offsets.ts";
import { counted } from "../../core/counted.ts";
import type { KafkaFacts, PartitionFacts, SetUp, TopicFacts } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { durationText } from "./insert-rate.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Lag that the size limit would delete within this time is about to be lost. */
const LOSS_NEAR_MS = 2 * HOUR_MS;

/** Judges topics, and the group's lag against what they keep (S0-29). Pure. */
export function judgeTopics(facts: KafkaFacts, setUp: SetUp): Finding[] {
  return [
    ...facts.topics.flatMap((topic) => (topic.exists ? judgeTopic(topic, facts, setUp) : [judgeAbsent(topic, setUp)])),
    ...facts.topicsAhead.map(judgeAhead),
  ];
}

function judgeAbsent({ name: where }: TopicFacts, { brokers, creatableTopics }: SetUp): Finding {
  const code = "topic.absent";
  if (creatableTopics.includes(where)) {
    const found = "there is no such topic yet: `millrace start` creates it";
    return { code, severity: "notice", where, found, remedy: ["millrace topics apply"] };
  }
  const remedy = [`kafka-topics.sh --bootstrap-server ${brokers[0]} --create --topic ${where} --partitions 3`];
  return { code, severity: "error", where, found: "there is no such topic", meaning: "nothing can be read", remedy };
}

function judgeAhead(where: string): Finding {
  const found = "it has records that are dated more than a minute ahead of this machine's clock";
  const meaning = "latencies from the record time on come out negative (counted as clock skew)";
  const remedy = ["# on the producers' machines, and here", "timedatectl set-ntp true"];
  return { code: "kafka.clock", severity: "notice", where, found, meaning, remedy };
}

function judgeTopic(topic: TopicFacts, facts: KafkaFacts, setUp: SetUp): Finding[] {
  const partitions = facts.partitions.filter((partition) => partition.topic === topic.name);
  const findings = [
    ...judgeConfig(topic, setUp),
    ...partitions.flatMap((partition) => judgeLag(partition, topic, setUp)),
  ];
  if (findings.some(({ code }) => code.startsWith("lag."))) return findings;
  const lag = partitions.reduce((sum, partition) => sum + lagOf(partition), 0);
  const found = `${counted(topic.partitions, "partition")}, lag ${lag}, ${retentionText(topic)}`;
  return [...findings, { code: "lag.retention", severity: "ok", where: topic.name, found }];
}

function retentionText({ config }: TopicFacts): string {
  if (config === undefined) return "retention not known";
  const ms = Number(config["retention.ms"] ?? -1);
  const bytes = Number(config["retention.bytes"] ?? -1);
  const byBytes = bytes > 0 ? `, at most ${Math.round(bytes / 1024 / 1024)} MiB a partition` : "";
  return `${ms < 0 ? "kept for ever" : `kept for ${durationText(ms)}`}${byBytes}`;
}

function judgeConfig({ name: where, config, replicas }: TopicFacts, setUp: SetUp): Finding[] {
  if (config === undefined) return [];
  const findings: Finding[] = [];
  const notice = (code: Finding["code"], found: string, meaning: string, remedy: string[]) =>
    findings.push({ code, severity: "notice", where, found, meaning, remedy });
  const alter = (option: string) => alterTopic(setUp, where, option);
  if (config["cleanup.policy"]?.includes("compact")) {
    const meaning = "records are deleted out of the middle: their offsets count as gaps, not as missing";
    notice(
      "topic.compaction",
      `cleanup.policy is ${config["cleanup.policy"]}`,
      meaning,
      alter("cleanup.policy=delete"),
    );
  }
  if (config["message.timestamp.type"] === "LogAppendTime") {
    const meaning = "the record time is the broker's: the stage `produce` includes the way to the broker";
    notice(
      "topic.timestamps",
      "message.timestamp.type is LogAppendTime",
      meaning,
      alter("message.timestamp.type=CreateTime"),
    );
  }
  const batchBytes = Number(config["max.message.bytes"] ?? 0);
  if (batchBytes > setUp.fetchBytesPerPartition) {
    const found = `max.message.bytes is ${batchBytes}: more than one fetch of a partition (${setUp.fetchBytesPerPartition})`;
    const isTooLarge = batchBytes > setUp.profile.bytesMax / 2;
    const meaning = isTooLarge
      ? `such a batch takes more than half of all memory that the profile allows (${setUp.profile.bytesMax} bytes)`
      : "such a batch is read all the same, alone, and takes memory beyond the plan";
    notice("topic.batch-size", found, meaning, alter(`max.message.bytes=${setUp.fetchBytesPerPartition}`));
  }
  if (config["unclean.leader.election.enable"] === "true" && replicas > 1) {
    findings.push({
      code: "topic.unclean-election",
      severity: "weakens",
      where,
      found: "unclean.leader.election.enable is true",
      meaning:
        "after such an election offsets that were stored are given to other records, which then count as repeats",
      remedy: alter("unclean.leader.election.enable=false"),
    });
  }
  const retentionMs = Number(config["retention.ms"] ?? -1);
  if (retentionMs >= 0 && retentionMs < DAY_MS) {
    const meaning = "an outage that is longer loses records";
    notice(
      "topic.retention",
      `records are kept for ${durationText(retentionMs)}`,
      meaning,
      alter(`retention.ms=${7 * DAY_MS}`),
    );
  }
  return findings;
}

function alterTopic({ brokers }: SetUp, topic: string, option: string): string[] {
  const tool = `kafka-configs.sh --bootstrap-server ${brokers[0]} --alter --entity-type topics --entity-name ${topic}`;
  return [`${tool} --add-config ${option}`];
}

function judgeLag(at: PartitionFacts, topic: TopicFacts, setUp: SetUp): Finding[] {
  const where = `${at.topic}:${at.partition}`;
  const { committed, logStart, logEnd } = at;
  if (committed !== undefined && committed < logStart) {
    return [
      {
        code: "lag.lost",
        severity: "weakens",
        where,
        found: `${logStart - committed} records were deleted before they were read: committed ${committed}, the log begins at ${logStart}`,
        meaning: "they are lost; the ingester counts them as a gap and goes on at the log's start",
        remedy: [
          "# keep records for longer than the longest outage",
          ...alterTopic(setUp, at.topic, `retention.ms=${7 * DAY_MS}`),
          ...alterTopic(setUp, at.topic, "retention.bytes=-1"),
        ],
      },
    ];
  }
  if (lagOf(at) === 0) return [];
  // Nothing has been read yet: the start of the log is where reading begins, and it moves.
  const next = Math.max(logStart, committed ?? logStart);
  return [...judgeAge(at, next, topic, setUp), ...judgeSize(at, next, logEnd, topic, setUp)];
}

/** Retention by time: records are deleted when they are older, whoever has read them. */
function judgeAge(at: PartitionFacts, next: number, topic: TopicFacts, setUp: SetUp): Finding[] {
  const retentionMs = Number(topic.config?.["retention.ms"] ?? -1);
  const share = passed(next, at.youngerThanFourFifths) ? 0.8 : passed(next, at.youngerThanHalf) ? 0.5 : 0;
  if (retentionMs <= 0 || share === 0 || at.committed === undefined) return [];
  return [
    {
      code: "lag.retention",
      severity: share === 0.8 ? "weakens" : "notice",
      where: `${at.topic}:${at.partition}`,
      found: `of ${lagOf(at)} unread records the oldest is more than ${durationText(retentionMs * share)} old, and records are kept for ${durationText(retentionMs)}`,
      meaning: `within ${durationText(retentionMs * (1 - share))} they are lost`,
      remedy: [
        ...alterTopic(setUp, at.topic, `retention.ms=${2 * Math.max(retentionMs, DAY_MS)}`),
        "# and find out why the lag is there",
        `millrace lag --group ${setUp.groupId}`,
      ],
    },
  ];
}

function passed(next: number, firstYounger: number | undefined): boolean {
  return firstYounger !== undefined && next < firstYounger;
}

/**
 * Retention by size. Once the log has been cut, what lies between its start and the next record to read is deleted at the
 * rate at which records come; before, how much still fits is not known, and nothing is near.
 */
function judgeSize(at: PartitionFacts, next: number, logEnd: number, topic: TopicFacts, setUp: SetUp): Finding[] {
  const bytes = Number(topic.config?.["retention.bytes"] ?? -1);
  if (bytes <= 0 || at.logStart === 0 || at.produceRate === 0 || at.committed === undefined) return [];
  const leftMs = ((next - at.logStart) / at.produceRate) * 1000;
  if (leftMs > LOSS_NEAR_MS) return [];
  return [
    {
      code: "lag.retention",
      severity: "weakens",
      where: `${at.topic}:${at.partition}`,
      found: `${logEnd - next} unread records begin ${next - at.logStart} records above the log's start, which moves by ${Math.ceil(at.produceRate)} a second`,
      meaning: `within ${durationText(leftMs)} the first of them are lost (retention.bytes ${bytes})`,
      remedy: alterTopic(setUp, at.topic, `retention.bytes=${4 * bytes}`),
    },
  ];
}
