import { kafkaError } from "../error-codes.ts";
import { readArray, readString, writeArray, writeString } from "../wire.ts";
import { type KafkaApi, NEVER_FLEXIBLE } from "./api.ts";

/** DeleteTopics, versions 1–3: removes the files at once, and the groups' offsets for the topic, as Kafka does. */
export const deleteTopics: KafkaApi = {
  key: 20,
  name: "DeleteTopics",
  versionMin: 1,
  versionMax: 3,
  flexibleFrom: NEVER_FLEXIBLE,
  handle(broker, { body }, response) {
    const names = readArray(body, readString);
    response.appendInt32(0); // throttle time
    writeArray(response, names, (writer, name) => {
      const topic = broker.topics.get(name);
      if (topic !== undefined) {
        broker.topics.delete(topic);
        broker.groups.forgetTopic(name);
      }
      writeString(writer, name);
      writer.appendInt16(topic === undefined ? kafkaError.UNKNOWN_TOPIC_OR_PARTITION : kafkaError.NONE);
    });
    return undefined;
  },
};
