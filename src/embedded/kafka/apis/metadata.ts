import type { Reader, Writer } from "@platformatic/kafka";
import { type Broker, NODE_ID } from "../broker.ts";
import { type KafkaErrorCode, kafkaError } from "../error-codes.ts";
import { LEADER_EPOCH } from "../log/partition-log.ts";
import { isTopicNameValid, type Topic } from "../topic/topic-store.ts";
import { readNullableArray, readString, writeArray, writeString } from "../wire.ts";
import { type ApiRequest, type KafkaApi, NEVER_FLEXIBLE, OPERATIONS_UNKNOWN } from "./api.ts";

interface TopicAnswer {
  error: KafkaErrorCode;
  name: string;
  partitionCount: number;
}

/** Metadata, versions 0–8. Names that do not exist are created when both broker and client allow it. */
export const metadata: KafkaApi = {
  key: 3,
  name: "Metadata",
  versionMin: 0,
  versionMax: 8,
  flexibleFrom: NEVER_FLEXIBLE,
  handle(broker, request, response) {
    const answers = answerTopics(broker, request.body, request.version);
    writeResponse(broker, request, response, answers);
    return undefined;
  },
};

function answerTopics(broker: Broker, body: Reader, version: number): TopicAnswer[] {
  const names = readNullableArray(body, readString);
  const clientAllowsCreation = version >= 4 ? body.readBoolean() : true;
  const all = names === null || (version === 0 && names.length === 0);
  if (all) return broker.topics.all().map(answerFor);
  return names.map((name) => {
    if (!isTopicNameValid(name)) return { error: kafkaError.INVALID_TOPIC_EXCEPTION, name, partitionCount: 0 };
    const topic = broker.topics.get(name);
    if (topic !== undefined) return answerFor(topic);
    if (!broker.autoCreateTopics || !clientAllowsCreation) {
      return { error: kafkaError.UNKNOWN_TOPIC_OR_PARTITION, name, partitionCount: 0 };
    }
    return answerFor(broker.topics.create(name, broker.defaultPartitions, {}));
  });
}

function answerFor(topic: Topic): TopicAnswer {
  return { error: kafkaError.NONE, name: topic.name, partitionCount: topic.partitions.length };
}

function writeResponse(broker: Broker, request: ApiRequest, response: Writer, answers: TopicAnswer[]): void {
  const { version } = request;
  if (version >= 3) response.appendInt32(0); // throttle time
  writeArray(response, [NODE_ID], (writer, nodeId) => {
    writeString(writer.appendInt32(nodeId), request.advertised.host).appendInt32(request.advertised.port);
    if (version >= 1) writeString(writer, null); // rack
  });
  if (version >= 2) writeString(response, broker.clusterId);
  if (version >= 1) response.appendInt32(NODE_ID); // controller
  writeArray(response, answers, (writer, answer) => {
    writeString(writer.appendInt16(answer.error), answer.name);
    if (version >= 1) writer.appendBoolean(false); // internal
    const partitions = Array.from({ length: answer.partitionCount }, (_, partition) => partition);
    writeArray(writer, partitions, (entry, partition) => writePartition(entry, partition, version));
    if (version >= 8) writer.appendInt32(OPERATIONS_UNKNOWN);
  });
  if (version >= 8) response.appendInt32(OPERATIONS_UNKNOWN);
}

function writePartition(writer: Writer, partition: number, version: number): void {
  writer.appendInt16(kafkaError.NONE).appendInt32(partition).appendInt32(NODE_ID);
  if (version >= 7) writer.appendInt32(LEADER_EPOCH);
  writeNodes(writer, [NODE_ID]); // replicas
  writeNodes(writer, [NODE_ID]); // in sync
  if (version >= 5) writeNodes(writer, []); // offline
}

function writeNodes(writer: Writer, nodes: number[]): void {
  writeArray(writer, nodes, (entry, node) => entry.appendInt32(node));
}
