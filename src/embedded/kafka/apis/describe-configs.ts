import type { Reader, Writer } from "@platformatic/kafka";
import { type Broker, NODE_ID } from "../broker.ts";
import { type KafkaErrorCode, kafkaError } from "../error-codes.ts";
import { topicOptions } from "../topic/topic-config.ts";
import { readArray, readNullableArray, readString, writeArray, writeString } from "../wire.ts";
import { type KafkaApi, NEVER_FLEXIBLE } from "./api.ts";

const RESOURCE_TOPIC = 2;
const RESOURCE_BROKER = 4;
const SOURCE_TOPIC = 1;
const SOURCE_STATIC_BROKER = 4;
const SOURCE_DEFAULT = 5;

interface Wanted {
  type: number;
  name: string;
  keys: string[] | null;
}

interface Entry {
  name: string;
  value: string;
  source: number;
  type: number;
}

/** DescribeConfigs, versions 1–3, of topics and of the broker. Nothing is sensitive, and there are no synonyms. */
export const describeConfigs: KafkaApi = {
  key: 32,
  name: "DescribeConfigs",
  versionMin: 1,
  versionMax: 3,
  flexibleFrom: NEVER_FLEXIBLE,
  handle(broker, { body, version }, response) {
    const resources = readArray(body, readWanted);
    response.appendInt32(0); // throttle time
    writeArray(response, resources, (writer, wanted) => {
      const { error, message, entries } = describe(broker, wanted);
      writeString(writer.appendInt16(error), message).appendInt8(wanted.type);
      writeString(writer, wanted.name);
      const { keys } = wanted;
      const shown = keys === null ? entries : entries.filter((entry) => keys.includes(entry.name));
      writeArray(writer, shown, (item, entry) => writeEntry(item, entry, wanted.type, version));
    });
    return undefined;
  },
};

function readWanted(reader: Reader): Wanted {
  return { type: reader.readInt8(), name: readString(reader), keys: readNullableArray(reader, readString) };
}

function describe(broker: Broker, wanted: Wanted): { error: KafkaErrorCode; message: string | null; entries: Entry[] } {
  if (wanted.type === RESOURCE_BROKER && (wanted.name === String(NODE_ID) || wanted.name === "")) {
    return { error: kafkaError.NONE, message: null, entries: brokerEntries(broker) };
  }
  if (wanted.type !== RESOURCE_TOPIC) {
    const message = "The embedded broker describes topics and its own node only";
    return { error: kafkaError.INVALID_REQUEST, message, entries: [] };
  }
  const topic = broker.topics.get(wanted.name);
  if (topic === undefined) {
    return { error: kafkaError.UNKNOWN_TOPIC_OR_PARTITION, message: "The topic does not exist.", entries: [] };
  }
  const entries = topicOptions.map(({ name, type, defaultValue }) => {
    const own = topic.configs[name];
    return { name, value: own ?? defaultValue, source: own === undefined ? SOURCE_DEFAULT : SOURCE_TOPIC, type };
  });
  return { error: kafkaError.NONE, message: null, entries };
}

function brokerEntries(broker: Broker): Entry[] {
  const source = SOURCE_STATIC_BROKER;
  return [
    { name: "auto.create.topics.enable", value: String(broker.autoCreateTopics), source, type: 1 },
    { name: "broker.id", value: String(NODE_ID), source, type: 3 },
    { name: "default.replication.factor", value: "1", source, type: 3 },
    { name: "log.retention.ms", value: "-1", source, type: 5 },
    { name: "num.partitions", value: String(broker.defaultPartitions), source, type: 3 },
  ];
}

function writeEntry(writer: Writer, entry: Entry, resourceType: number, version: number): void {
  writeString(writeString(writer, entry.name), entry.value);
  // Read-only: there is no AlterConfigs here, but a topic's options can be given when it is created.
  writer
    .appendBoolean(resourceType === RESOURCE_BROKER)
    .appendInt8(entry.source)
    .appendBoolean(false);
  writeArray(writer, [], () => {}); // synonyms
  if (version >= 3) writeString(writer.appendInt8(entry.type), null); // documentation
}
