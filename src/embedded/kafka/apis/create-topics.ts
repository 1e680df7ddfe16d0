import type { Reader } from "@platformatic/kafka";
import type { Broker } from "../broker.ts";
import { type KafkaErrorCode, kafkaError } from "../error-codes.ts";
import { topicOptionProblem } from "../topic/topic-config.ts";
import { isTopicNameValid } from "../topic/topic-store.ts";
import { readArray, readNullableString, readString, writeArray, writeString } from "../wire.ts";
import { type KafkaApi, NEVER_FLEXIBLE } from "./api.ts";

/** Enough for any demo; a typing error of six digits would otherwise open as many files. */
export const PARTITIONS_MAX = 10_000;

interface WantedTopic {
  name: string;
  partitionCount: number;
  replicationFactor: number;
  assignments: { partition: number; nodes: number[] }[];
  configs: { name: string; value: string | null }[];
}

interface Refusal {
  error: KafkaErrorCode;
  message: string | null;
}

const ACCEPTED: Refusal = { error: kafkaError.NONE, message: null };

/** CreateTopics, versions 2–4. Replication is 1; −1 means the default, which is 1 too. */
export const createTopics: KafkaApi = {
  key: 19,
  name: "CreateTopics",
  versionMin: 2,
  versionMax: 4,
  flexibleFrom: NEVER_FLEXIBLE,
  handle(broker, { body }, response) {
    const wanted = readArray(body, readWantedTopic);
    body.readInt32(); // timeout: creation is immediate
    const validateOnly = body.readBoolean();
    response.appendInt32(0); // throttle time
    writeArray(response, wanted, (writer, topic) => {
      const verdict = createTopic(broker, topic, validateOnly);
      writeString(writeString(writer, topic.name).appendInt16(verdict.error), verdict.message);
    });
    return undefined;
  },
};

function readWantedTopic(reader: Reader): WantedTopic {
  return {
    name: readString(reader),
    partitionCount: reader.readInt32(),
    replicationFactor: reader.readInt16(),
    assignments: readArray(reader, (entry) => ({
      partition: entry.readInt32(),
      nodes: readArray(entry, (node) => node.readInt32()),
    })),
    configs: readArray(reader, (entry) => ({ name: readString(entry), value: readNullableString(entry) })),
  };
}

function createTopic(broker: Broker, topic: WantedTopic, validateOnly: boolean): Refusal {
  const refusal = refuseTopic(broker, topic);
  if (refusal !== undefined) return refusal;
  if (validateOnly) return ACCEPTED;
  const configs: Record<string, string> = {};
  for (const { name, value } of topic.configs) configs[name] = value!;
  broker.topics.create(topic.name, partitionCountOf(broker, topic), configs);
  return ACCEPTED;
}

function partitionCountOf(broker: Broker, topic: WantedTopic): number {
  if (topic.assignments.length > 0) return topic.assignments.length;
  return topic.partitionCount === -1 ? broker.defaultPartitions : topic.partitionCount;
}

function refuseTopic(broker: Broker, topic: WantedTopic): Refusal | undefined {
  if (!isTopicNameValid(topic.name)) {
    return {
      error: kafkaError.INVALID_TOPIC_EXCEPTION,
      message: `Topic name "${topic.name}" is not 1 to 249 of the characters a-z, A-Z, 0-9, ".", "_" and "-"`,
    };
  }
  if (broker.topics.get(topic.name) !== undefined) {
    return { error: kafkaError.TOPIC_ALREADY_EXISTS, message: `Topic '${topic.name}' already exists.` };
  }
  const partitionCount = partitionCountOf(broker, topic);
  if (partitionCount < 1 || partitionCount > PARTITIONS_MAX) {
    return {
      error: kafkaError.INVALID_PARTITIONS,
      message: `Partitions must be 1 to ${PARTITIONS_MAX}, not ${partitionCount}`,
    };
  }
  if (topic.assignments.some(({ nodes }) => nodes.length !== 1)) {
    return { error: kafkaError.INVALID_REPLICA_ASSIGNMENT, message: "This cluster has one node" };
  }
  const factor = topic.assignments.length > 0 ? 1 : topic.replicationFactor;
  if (factor !== 1 && factor !== -1) {
    return {
      error: kafkaError.INVALID_REPLICATION_FACTOR,
      message: `Replication factor: ${factor} larger than available brokers: 1`,
    };
  }
  for (const { name, value } of topic.configs) {
    const problem = topicOptionProblem(name, value);
    if (problem !== undefined) return { error: kafkaError.INVALID_CONFIG, message: problem };
  }
  return undefined;
}
