import type { Writer } from "@platformatic/kafka";
import { type KafkaErrorCode, kafkaError } from "../error-codes.ts";
import { writeArray } from "../wire.ts";
import type { KafkaApi } from "./api.ts";

export const API_VERSIONS_KEY = 18;

/**
 * ApiVersions, versions 0–3. Two rules of its own: the response header is always version 0, and a request of an
 * unknown version is answered in the format of version 0 with UNSUPPORTED_VERSION, from which the client falls back
 * (KIP-511). The request's body is not read.
 */
export function apiVersions(implemented: () => readonly KafkaApi[]): KafkaApi {
  return {
    key: API_VERSIONS_KEY,
    name: "ApiVersions",
    versionMin: 0,
    versionMax: 3,
    flexibleFrom: 3,
    handle(_broker, request, response) {
      if (request.version >= 3) writeFlexible(response, implemented());
      else writePlain(response, request.version, kafkaError.NONE, implemented());
      return undefined;
    },
  };
}

/** The answer to an ApiVersions request of a version that is not implemented. */
export function writeUnsupportedApiVersions(response: Writer, implemented: readonly KafkaApi[]): void {
  writePlain(response, 0, kafkaError.UNSUPPORTED_VERSION, implemented);
}

function writePlain(response: Writer, version: number, error: KafkaErrorCode, apis: readonly KafkaApi[]): void {
  response.appendInt16(error);
  writeArray(response, [...apis], writeRange);
  if (version >= 1) response.appendInt32(0); // throttle time
}

function writeFlexible(response: Writer, apis: readonly KafkaApi[]): void {
  response.appendInt16(kafkaError.NONE).appendArray([...apis], writeRange);
  response.appendInt32(0).appendTaggedFields();
}

function writeRange(writer: Writer, api: KafkaApi): void {
  writer.appendInt16(api.key).appendInt16(api.versionMin).appendInt16(api.versionMax);
}
