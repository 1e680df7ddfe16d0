import { kafkaError } from "../error-codes.ts";
import { readArray, readNullableString, readString, writeArray, writeString } from "../wire.ts";
import { type KafkaApi, NEVER_FLEXIBLE } from "./api.ts";

/** LeaveGroup, versions 0–3; from version 3 on for several members at once. */
export const leaveGroup: KafkaApi = {
  key: 13,
  name: "LeaveGroup",
  versionMin: 0,
  versionMax: 3,
  flexibleFrom: NEVER_FLEXIBLE,
  handle(broker, { body, version }, response) {
    const groupId = readString(body);
    if (version < 3) {
      const error = broker.groups.leave(groupId, readString(body), null);
      if (version >= 1) response.appendInt32(0); // throttle time
      response.appendInt16(error);
      return undefined;
    }
    const leaving = readArray(body, (reader) => ({
      memberId: readString(reader),
      instanceId: readNullableString(reader),
    }));
    response.appendInt32(0).appendInt16(kafkaError.NONE);
    writeArray(response, leaving, (writer, { memberId, instanceId }) => {
      writeString(writer, memberId);
      writeString(writer, instanceId).appendInt16(broker.groups.leave(groupId, memberId, instanceId));
    });
    return undefined;
  },
};
