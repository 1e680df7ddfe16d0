import type { Writer } from "@platformatic/kafka";
import type { JoinAnswer } from "../group/member.ts";
import { readArray, readBytes, readNullableString, readString, writeArray, writeBytes, writeString } from "../wire.ts";
import { type KafkaApi, NEVER_FLEXIBLE } from "./api.ts";

/** JoinGroup, versions 0–5. Unanswered until the rebalance has collected its members. */
export const joinGroup: KafkaApi = {
  key: 11,
  name: "JoinGroup",
  versionMin: 0,
  versionMax: 5,
  flexibleFrom: NEVER_FLEXIBLE,
  async handle(broker, { body, version, clientId, clientHost }, response) {
    const groupId = readString(body);
    const sessionTimeoutMs = body.readInt32();
    const rebalanceTimeoutMs = version >= 1 ? body.readInt32() : sessionTimeoutMs;
    const memberId = readString(body);
    const instanceId = version >= 5 ? readNullableString(body) : null;
    const protocolType = readString(body);
    const protocols = readArray(body, (reader) => ({ name: readString(reader), metadata: readBytes(reader) }));
    const timeouts = { sessionTimeoutMs, rebalanceTimeoutMs };
    const identity = { memberId, instanceId, clientId, clientHost, mustKnowMemberId: version >= 4 };
    writeAnswer(
      response,
      version,
      await broker.groups.join(groupId, { ...identity, ...timeouts, protocolType, protocols }),
    );
    return undefined;
  },
};

function writeAnswer(response: Writer, version: number, answer: JoinAnswer): void {
  if (version >= 2) response.appendInt32(0); // throttle time
  response.appendInt16(answer.error).appendInt32(answer.generation);
  writeString(response, answer.protocol);
  writeString(response, answer.leaderId);
  writeString(response, answer.memberId);
  writeArray(response, answer.members, (writer, member) => {
    writeString(writer, member.memberId);
    if (version >= 5) writeString(writer, member.instanceId);
    writeBytes(writer, member.metadata);
  });
}
