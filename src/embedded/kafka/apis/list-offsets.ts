import type { Reader, Writer } from "@platformatic/kafka";
import type { Broker } from "../broker.ts";
import { type KafkaErrorCode, kafkaError } from "../error-codes.ts";
import { LEADER_EPOCH } from "../log/partition-log.ts";
import { readArray, readInt64, readString, writeArray, writeInt64, writeString } from "../wire.ts";
import { type KafkaApi, NEVER_FLEXIBLE } from "./api.ts";

const LATEST = -1;
const EARLIEST = -2;

interface Answer {
  partition: number;
  error: KafkaErrorCode;
  timestampMs: number;
  offset: number;
}

/** ListOffsets, versions 1–5: earliest (−2), latest (−1), or the first record at or after a time. */
export const listOffsets: KafkaApi = {
  key: 2,
  name: "ListOffsets",
  versionMin: 1,
  versionMax: 5,
  flexibleFrom: NEVER_FLEXIBLE,
  handle(broker, { body, version }, response) {
    body.readInt32(); // replica id
    if (version >= 2) body.readInt8(); // isolation level
    const topics = readArray(body, (reader) => {
      const name = readString(reader);
      return { name, answers: readArray(reader, (entry) => answer(broker, name, entry, version)) };
    });
    if (version >= 2) response.appendInt32(0); // throttle time
    writeArray(response, topics, (writer, { name, answers }) => {
      writeString(writer, name);
      writeArray(writer, answers, (entry, found) => writeOffset(entry, found, version));
    });
    return undefined;
  },
};

function answer(broker: Broker, name: string, reader: Reader, version: number): Answer {
  const partition = reader.readInt32();
  if (version >= 4) reader.readInt32(); // leader epoch
  const target = readInt64(reader);
  const log = broker.topics.partition(name, partition);
  if (log === undefined) {
    return { partition, error: kafkaError.UNKNOWN_TOPIC_OR_PARTITION, timestampMs: -1, offset: -1 };
  }
  if (target === LATEST) return { partition, error: kafkaError.NONE, timestampMs: -1, offset: log.endOffset };
  if (target === EARLIEST) return { partition, error: kafkaError.NONE, timestampMs: -1, offset: log.startOffset };
  const found = log.offsetAt(target);
  return { partition, error: kafkaError.NONE, timestampMs: found?.timestampMs ?? -1, offset: found?.offset ?? -1 };
}

function writeOffset(writer: Writer, found: Answer, version: number): void {
  writer.appendInt32(found.partition).appendInt16(found.error);
  writeInt64(writer, found.timestampMs);
  writeInt64(writer, found.offset);
  if (version >= 4) writer.appendInt32(found.offset < 0 ? -1 : LEADER_EPOCH);
}
