import type { Reader, Writer } from "@platformatic/kafka";
import type { Broker } from "../broker.ts";

/** One request, its header read. `body` stands at the first field of the request's own schema. */
export interface ApiRequest {
  readonly version: number;
  readonly clientId: string;
  readonly body: Reader;
  /** Address that clients reach this broker under, as told in Metadata and FindCoordinator. */
  readonly advertised: { host: string; port: number };
  /** Remote address, shown by DescribeGroups as Kafka shows it: with a leading slash. */
  readonly clientHost: string;
  /** Aborted when the connection closes: long polls end then. */
  readonly closed: AbortSignal;
}

/** The response's body is written to `response`; "silent" sends none (Produce with acks 0), "close" drops the client. */
export type ApiOutcome = undefined | "silent" | "close";

/** One API of the protocol, in the versions that are implemented; ApiVersions advertises exactly these. */
export interface KafkaApi {
  readonly key: number;
  readonly name: string;
  readonly versionMin: number;
  readonly versionMax: number;
  /** First version with compact types and tagged fields; above `versionMax` when none is implemented. */
  readonly flexibleFrom: number;
  handle(broker: Broker, request: ApiRequest, response: Writer): ApiOutcome | Promise<ApiOutcome> | undefined;
}

/** `flexibleFrom` of an API of which only plain versions are implemented. */
export const NEVER_FLEXIBLE = 0x7fff;

/** Answer for "authorized operations" when there is no authorizer: the protocol's "not known". */
export const OPERATIONS_UNKNOWN = -0x8000_0000;
