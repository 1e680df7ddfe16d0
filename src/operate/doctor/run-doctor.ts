import type { ClickHouseClient } from "@clickhouse/client";
import type { KafkaConfig } from "kafkajs";
import { MillraceError } from "../../core/errors.ts";
import { examineClickHouse } from "./examine-clickhouse.ts";
import { examineKafka } from "./examine-kafka.ts";
import type { Facts, SetUp } from "./facts.ts";
import { type Finding, type GuaranteeLevel, guaranteeLevels, guaranteeOf, type Severity } from "./finding.ts";
import { judgeKafka } from "./judge-kafka.ts";
import { judgePlans } from "./judge-plans.ts";
import { judgeServer, judgeTrials } from "./judge-server.ts";
import { judgeTables } from "./judge-tables.ts";
import { judgeTopics } from "./judge-topics.ts";

export interface DoctorInput {
  client: ClickHouseClient;
  kafka: KafkaConfig;
  setUp: SetUp;
}

export interface DoctorReport {
  /** `exactly-once`, `at-least-once`, or `not running: …`. */
  guarantee: string;
  /** Worst first; within a severity, ClickHouse before Kafka. */
  findings: Finding[];
}

/** Reads ClickHouse and Kafka. A server that cannot be asked is a finding, not an error. */
export async function examine({ client, kafka, setUp }: DoctorInput): Promise<Facts> {
  const topics = [...new Set(setUp.plans.flatMap((plan) => plan.topics))];
  const [clickHouse, kafkaFacts] = await Promise.all([
    examineClickHouse(client, setUp.plans, { embedded: setUp.embedded.clickHouse }).catch(textOf),
    examineKafka(kafka, setUp.groupId, topics).catch(textOf),
  ]);
  return { setUp, clickHouse, kafka: kafkaFacts };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

const order: readonly Severity[] = ["error", "weakens", "notice", "ok"];

/** All findings, worst first. Pure. */
export function judge(facts: Facts): Finding[] {
  const { setUp, clickHouse, kafka } = facts;
  const findings: Finding[] = [];
  if (typeof clickHouse === "string") findings.push(unreachable("clickhouse.unreachable", clickHouse));
  else {
    const topics = typeof kafka === "string" ? [] : kafka.topics;
    const partitionsByTopic = new Map(topics.map(({ name, partitions }) => [name, partitions]));
    const members = typeof kafka === "string" ? 0 : (kafka.group?.memberClientIds.length ?? 0);
    findings.push(...judgeServer(clickHouse, facts));
    findings.push(...judgeTables(clickHouse, setUp, { partitionsByTopic, instances: Math.max(1, members) }));
    findings.push(...judgeTrials(clickHouse));
  }
  findings.push(...judgePlans(setUp));
  if (typeof kafka === "string") findings.push(unreachable("kafka.unreachable", kafka));
  else findings.push(...judgeKafka(kafka, setUp), ...judgeTopics(kafka, setUp));
  return order.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
}

function unreachable(code: "clickhouse.unreachable" | "kafka.unreachable", text: string): Finding {
  const isKafka = code === "kafka.unreachable";
  return {
    code,
    severity: "error",
    where: isKafka ? "Kafka" : "ClickHouse",
    found: `it cannot be asked: ${text}`,
    meaning: "nothing can be ingested",
    remedy: [
      isKafka
        ? "# check KAFKA_BROKERS, the addresses that the brokers advertise, and the login"
        : "# check CLICKHOUSE_URL, CLICKHOUSE_USER and CLICKHOUSE_PASSWORD",
    ],
  };
}

/** Examines the set-up and says what it gives. Changes nothing. Takes a fraction of a second on servers near by. */
export async function runDoctor(input: DoctorInput): Promise<DoctorReport> {
  const findings = judge(await examine(input));
  return { guarantee: guaranteeOf(findings), findings };
}

/**
 * @param required undefined: anything will do that runs
 * @throws MillraceError E_GUARANTEE naming each weakness and its remedy, when the findings give less than `required`.
 */
export function requireGuarantee(findings: readonly Finding[], required: GuaranteeLevel | undefined): void {
  const guarantee = guaranteeOf(findings);
  if (required === undefined) return;
  const level = (guaranteeLevels as readonly string[]).indexOf(guarantee);
  if (level >= 0 && level <= guaranteeLevels.indexOf(required)) return;
  const reasons = findings.filter(({ severity }) => severity === "error" || severity === "weakens");
  const lines = reasons.flatMap(({ where, found, remedy }) => [
    `- ${where}: ${found}`,
    ...(remedy ?? []).map((line) => `    ${line}`),
  ]);
  throw new MillraceError(
    "E_GUARANTEE",
    `This set-up gives ${guarantee}, and --require ${required} was given:\n${lines.join("\n")}\n` +
      "`millrace doctor` shows everything that was looked at.",
  );
}
