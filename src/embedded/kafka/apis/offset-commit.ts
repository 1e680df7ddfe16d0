import type { Reader } from "@platformatic/kafka";
import type { Broker } from "../broker.ts";
import { type KafkaErrorCode, kafkaError } from "../error-codes.ts";
import type { OffsetRow } from "../group/journal.ts";
import { OFFSET_METADATA_MAX } from "../group/offsets.ts";
import { readArray, readInt64, readNullableString, readString, writeArray, writeString } from "../wire.ts";
import { type KafkaApi, NEVER_FLEXIBLE } from "./api.ts";

/** OffsetCommit, versions 2–7. Written to the journal before it is answered. */
export const offsetCommit: KafkaApi = {
  key: 8,
  name: "OffsetCommit",
  versionMin: 2,
  versionMax: 7,
  flexibleFrom: NEVER_FLEXIBLE,
  handle(broker, { body, version }, response) {
    const groupId = readString(body);
    const generation = body.readInt32();
    const memberId = readString(body);
    const instanceId = version >= 7 ? readNullableString(body) : null;
    if (version < 5) body.readInt64(); // retention time: offsets do not expire
    const committedAtMs = Date.now();
    const topics = readArray(body, (reader) => {
      const name = readString(reader);
      return { name, rows: readArray(reader, (entry) => readRow(entry, name, version, committedAtMs)) };
    });
    const refusal = broker.groups.checkCommit(groupId, memberId, instanceId, generation);
    const verdict = (row: OffsetRow): KafkaErrorCode => (refusal === kafkaError.NONE ? checkRow(broker, row) : refusal);
    const accepted = topics.flatMap(({ rows }) => rows).filter((row) => verdict(row) === kafkaError.NONE);
    broker.groups.commit(groupId, accepted);
    if (version >= 3) response.appendInt32(0); // throttle time
    writeArray(response, topics, (writer, { name, rows }) => {
      writeString(writer, name);
      writeArray(writer, rows, (entry, row) => entry.appendInt32(row[1]).appendInt16(verdict(row)));
    });
    return undefined;
  },
};

function readRow(reader: Reader, topic: string, version: number, committedAtMs: number): OffsetRow {
  const partition = reader.readInt32();
  const offset = readInt64(reader);
  const leaderEpoch = version >= 6 ? reader.readInt32() : -1;
  return [topic, partition, offset, leaderEpoch, readNullableString(reader) ?? "", committedAtMs];
}

function checkRow(broker: Broker, [topic, partition, , , metadata]: OffsetRow): KafkaErrorCode {
  if (broker.topics.partition(topic, partition) === undefined) return kafkaError.UNKNOWN_TOPIC_OR_PARTITION;
  return metadata.length > OFFSET_METADATA_MAX ? kafkaError.OFFSET_METADATA_TOO_LARGE : kafkaError.NONE;
}
