import { readArray, readString, writeArray, writeString } from "../wire.ts";
import { type KafkaApi, NEVER_FLEXIBLE } from "./api.ts";

/** DeleteGroups, versions 0–1: groups without members, with their offsets. */
export const deleteGroups: KafkaApi = {
  key: 42,
  name: "DeleteGroups",
  versionMin: 0,
  versionMax: 1,
  flexibleFrom: NEVER_FLEXIBLE,
  handle(broker, { body }, response) {
    const groupIds = readArray(body, readString);
    response.appendInt32(0); // throttle time
    writeArray(response, groupIds, (writer, groupId) => {
      writeString(writer, groupId).appendInt16(broker.groups.delete(groupId));
    });
    return undefined;
  },
};
