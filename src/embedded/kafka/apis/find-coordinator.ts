import { NODE_ID } from "../broker.ts";
import { kafkaError } from "../error-codes.ts";
import { readString, writeString } from "../wire.ts";
import { type KafkaApi, NEVER_FLEXIBLE } from "./api.ts";

const KEY_GROUP = 0;

/** FindCoordinator, versions 0–2: this node for every group. There is no transaction coordinator. */
export const findCoordinator: KafkaApi = {
  key: 10,
  name: "FindCoordinator",
  versionMin: 0,
  versionMax: 2,
  flexibleFrom: NEVER_FLEXIBLE,
  handle(_broker, { body, version, advertised }, response) {
    readString(body); // the key: one node coordinates all
    const keyType = version >= 1 ? body.readInt8() : KEY_GROUP;
    const isGroup = keyType === KEY_GROUP;
    if (version >= 1) response.appendInt32(0); // throttle time
    response.appendInt16(isGroup ? kafkaError.NONE : kafkaError.INVALID_REQUEST);
    if (version >= 1) writeString(response, isGroup ? null : "The embedded broker does not support transactions");
    response.appendInt32(isGroup ? NODE_ID : -1);
    writeString(response, isGroup ? advertised.host : "").appendInt32(isGroup ? advertised.port : -1);
    return undefined;
  },
};
