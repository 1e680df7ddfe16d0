import { kafkaError } from "../error-codes.ts";
import { readNullableArray, readString, writeArray, writeInt64, writeString } from "../wire.ts";
import { type KafkaApi, NEVER_FLEXIBLE } from "./api.ts";

/** OffsetFetch, versions 1–5. From version 2 on, no topics (null) means all that the group has offsets for. */
export const offsetFetch: KafkaApi = {
  key: 9,
  name: "OffsetFetch",
  versionMin: 1,
  versionMax: 5,
  flexibleFrom: NEVER_FLEXIBLE,
  handle(broker, { body, version }, response) {
    const offsets = broker.groups.get(readString(body))?.offsets;
    const wanted = readNullableArray(body, (reader) => ({
      name: readString(reader),
      partitions: reader.readArray((entry) => entry.readInt32(), false, false),
    }));
    if (version >= 3) response.appendInt32(0); // throttle time
    writeArray(response, wanted ?? offsets?.all() ?? [], (writer, { name, partitions }) => {
      writeString(writer, name);
      writeArray(writer, partitions, (entry, partition) => {
        const committed = offsets?.get(name, partition);
        writeInt64(entry.appendInt32(partition), committed?.offset ?? -1);
        if (version >= 5) entry.appendInt32(committed?.leaderEpoch ?? -1);
        writeString(entry, committed?.metadata ?? "").appendInt16(kafkaError.NONE);
      });
    });
    if (version >= 2) response.appendInt16(kafkaError.NONE);
    return undefined;
  },
};
