import { kafkaError } from "../error-codes.ts";
import { readNullableString } from "../wire.ts";
import { type KafkaApi, NEVER_FLEXIBLE } from "./api.ts";

/** InitProducerId, versions 0–1, for idempotent producers. A transactional id is refused. */
export const initProducerId: KafkaApi = {
  key: 22,
  name: "InitProducerId",
  versionMin: 0,
  versionMax: 1,
  flexibleFrom: NEVER_FLEXIBLE,
  handle(broker, { body }, response) {
    const isIdempotentOnly = readNullableString(body) === null;
    response.appendInt32(0); // throttle time
    response.appendInt16(isIdempotentOnly ? kafkaError.NONE : kafkaError.INVALID_REQUEST);
    response.appendInt64(isIdempotentOnly ? broker.producerIds.next() : -1n).appendInt16(isIdempotentOnly ? 0 : -1);
    return undefined;
  },
};
