import { readArray, readBytes, readNullableString, readString, writeBytes } from "../wire.ts";
import { type KafkaApi, NEVER_FLEXIBLE } from "./api.ts";

/** SyncGroup, versions 0–3. Unanswered until the leader has sent the assignments. */
export const syncGroup: KafkaApi = {
  key: 14,
  name: "SyncGroup",
  versionMin: 0,
  versionMax: 3,
  flexibleFrom: NEVER_FLEXIBLE,
  async handle(broker, { body, version }, response) {
    const groupId = readString(body);
    const generation = body.readInt32();
    const memberId = readString(body);
    const instanceId = version >= 3 ? readNullableString(body) : null;
    const assignments = new Map(readArray(body, (reader) => [readString(reader), readBytes(reader)]));
    const answer = await broker.groups.sync(groupId, memberId, instanceId, generation, assignments);
    if (version >= 1) response.appendInt32(0); // throttle time
    writeBytes(response.appendInt16(answer.error), answer.assignment);
    return undefined;
  },
};
