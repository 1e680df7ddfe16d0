import { kafkaError } from "../error-codes.ts";
import type { Group } from "../group/group.ts";
import type { KafkaApi } from "./api.ts";

const GROUP_TYPE = "classic";

/** ListGroups, versions 0–5, with the filters by state (4) and by type (5). */
export const listGroups: KafkaApi = {
  key: 16,
  name: "ListGroups",
  versionMin: 0,
  versionMax: 5,
  flexibleFrom: 3,
  handle(broker, { body, version }, response) {
    const states = version >= 4 ? body.readArray((reader) => reader.readString(), true, false) : [];
    const types = version >= 5 ? body.readArray((reader) => reader.readString(), true, false) : [];
    const groups = broker.groups.all().filter((group) => isWanted(group, states, types));
    const flexible = version >= 3;
    if (version >= 1) response.appendInt32(0); // throttle time
    response.appendInt16(kafkaError.NONE);
    const writeGroup = (writer: typeof response, group: Group): void => {
      writer.appendString(group.id, flexible).appendString(group.protocolType, flexible);
      if (version >= 4) writer.appendString(group.state);
      if (version >= 5) writer.appendString(GROUP_TYPE);
    };
    response.appendArray(groups, writeGroup, flexible, flexible);
    if (flexible) response.appendTaggedFields();
    return undefined;
  },
};

function isWanted(group: Group, states: string[], types: string[]): boolean {
  const stateFits = states.length === 0 || states.some((state) => state.toLowerCase() === group.state.toLowerCase());
  return stateFits && (types.length === 0 || types.some((type) => type.toLowerCase() === GROUP_TYPE));
}
