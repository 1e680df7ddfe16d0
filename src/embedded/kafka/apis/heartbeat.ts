import { readNullableString, readString } from "../wire.ts";
import { type KafkaApi, NEVER_FLEXIBLE } from "./api.ts";

/** Heartbeat, versions 0–3. */
export const heartbeat: KafkaApi = {
  key: 12,
  name: "Heartbeat",
  versionMin: 0,
  versionMax: 3,
  flexibleFrom: NEVER_FLEXIBLE,
  handle(broker, { body, version }, response) {
    const groupId = readString(body);
    const generation = body.readInt32();
    const memberId = readString(body);
    const instanceId = version >= 3 ? readNullableString(body) : null;
    if (version >= 1) response.appendInt32(0); // throttle time
    response.appendInt16(broker.groups.heartbeat(groupId, memberId, instanceId, generation));
    return undefined;
  },
};
