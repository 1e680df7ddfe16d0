import type { Broker } from "../broker.ts";
import { type KafkaErrorCode, kafkaError } from "../error-codes.ts";
import { readArray, readNullableArray, readString, writeArray, writeString } from "../wire.ts";
import { type KafkaApi, NEVER_FLEXIBLE } from "./api.ts";
import { PARTITIONS_MAX } from "./create-topics.ts";

/** CreatePartitions, versions 0–1: raises the partition count of topics. */
export const createPartitions: KafkaApi = {
  key: 37,
  name: "CreatePartitions",
  versionMin: 0,
  versionMax: 1,
  flexibleFrom: NEVER_FLEXIBLE,
  handle(broker, { body }, response) {
    const wanted = readArray(body, (reader) => {
      const topic = { name: readString(reader), partitionCount: reader.readInt32() };
      readNullableArray(reader, (entry) => readArray(entry, (node) => node.readInt32())); // one node: nothing to choose
      return topic;
    });
    body.readInt32(); // timeout
    const validateOnly = body.readBoolean();
    response.appendInt32(0); // throttle time
    writeArray(response, wanted, (writer, { name, partitionCount }) => {
      const [error, message] = raisePartitions(broker, name, partitionCount, validateOnly);
      writeString(writeString(writer, name).appendInt16(error), message);
    });
    return undefined;
  },
};

function raisePartitions(
  broker: Broker,
  name: string,
  partitionCount: number,
  validateOnly: boolean,
): [KafkaErrorCode, string | null] {
  const topic = broker.topics.get(name);
  if (topic === undefined) return [kafkaError.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${name}' does not exist.`];
  const present = topic.partitions.length;
  if (partitionCount <= present || partitionCount > PARTITIONS_MAX) {
    const message = `Topic currently has ${present} partitions; asked for ${partitionCount}, allowed up to ${PARTITIONS_MAX}`;
    return [kafkaError.INVALID_PARTITIONS, message];
  }
  if (!validateOnly) broker.topics.addPartitions(topic, partitionCount);
  return [kafkaError.NONE, null];
}
