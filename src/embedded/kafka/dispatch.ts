import { Reader, Writer } from "@platformatic/kafka";
import type { ApiOutcome, ApiRequest, KafkaApi } from "./apis/api.ts";
import { API_VERSIONS_KEY, writeUnsupportedApiVersions } from "./apis/api-versions.ts";
import { apiByKey, implementedApis } from "./apis/registry.ts";
import type { Broker } from "./broker.ts";

/** What a request has in common with all others of its connection. */
export type ConnectionFacts = Pick<ApiRequest, "advertised" | "clientHost" | "closed">;

/** The response's bytes, length prefix included, or what else to do. */
export type DispatchOutcome = { kind: "respond"; response: Writer } | { kind: "silent" } | { kind: "close" };

/** Answers one frame. An unknown API or version closes the connection, as Kafka does, except for ApiVersions. */
export async function dispatch(broker: Broker, frame: Buffer, facts: ConnectionFacts): Promise<DispatchOutcome> {
  const body = Reader.from(frame);
  const key = body.readInt16();
  const version = body.readInt16();
  const correlationId = body.readInt32();
  const clientId = body.readNullableString(false) ?? "";
  const api = apiByKey(key);
  const response = Writer.create();
  let outcome: ApiOutcome;
  if (api !== undefined && version >= api.versionMin && version <= api.versionMax) {
    if (version >= api.flexibleFrom) body.readTaggedFields();
    outcome = await api.handle(broker, { ...facts, version, clientId, body }, response);
  } else if (key === API_VERSIONS_KEY) {
    writeUnsupportedApiVersions(response, implementedApis);
  } else {
    return { kind: "close" };
  }
  if (outcome !== undefined) return { kind: outcome };
  if (api !== undefined && hasFlexibleResponseHeader(api, version)) prependEmptyTags(response);
  response.appendInt32(correlationId, false).prependLength();
  return { kind: "respond", response };
}

function hasFlexibleResponseHeader(api: KafkaApi, version: number): boolean {
  return version >= api.flexibleFrom && api.key !== API_VERSIONS_KEY;
}

function prependEmptyTags(response: Writer): void {
  response.appendUnsignedInt8(0, false);
}
