import type { Writer } from "@platformatic/kafka";
import { kafkaError } from "../error-codes.ts";
import type { Group } from "../group/group.ts";
import { metadataUnder } from "../group/member.ts";
import { readArray, readString, writeArray, writeBytes, writeString } from "../wire.ts";
import { type KafkaApi, NEVER_FLEXIBLE, OPERATIONS_UNKNOWN } from "./api.ts";

/** DescribeGroups, versions 0–4. A group that does not exist is "Dead", without an error. */
export const describeGroups: KafkaApi = {
  key: 15,
  name: "DescribeGroups",
  versionMin: 0,
  versionMax: 4,
  flexibleFrom: NEVER_FLEXIBLE,
  handle(broker, { body, version }, response) {
    const groupIds = readArray(body, readString);
    if (version >= 1) response.appendInt32(0); // throttle time
    writeArray(response, groupIds, (writer, groupId) => {
      writeString(writer.appendInt16(kafkaError.NONE), groupId);
      writeGroup(writer, broker.groups.get(groupId), version);
      if (version >= 3) writer.appendInt32(OPERATIONS_UNKNOWN);
    });
    return undefined;
  },
};

function writeGroup(writer: Writer, group: Group | undefined, version: number): void {
  writeString(writer, group?.state ?? "Dead");
  writeString(writer, group?.protocolType ?? "");
  const isSettled = group?.state === "Stable" || group?.state === "CompletingRebalance";
  const protocol = isSettled ? group.protocol : null;
  writeString(writer, protocol ?? "");
  writeArray(writer, [...(group?.members.values() ?? [])], (entry, member) => {
    writeString(entry, member.memberId);
    if (version >= 4) writeString(entry, member.instanceId);
    writeString(entry, member.clientId);
    writeString(entry, member.clientHost);
    writeBytes(entry, metadataUnder(member, protocol));
    writeBytes(entry, member.assignment);
  });
}
