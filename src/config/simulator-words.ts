import { type CompressionName, compressionNames } from "../core/record-batch-header.ts";

/** The words that the simulator's options take. */
export const eventModes = ["domain", "http", "all"] as const;
export type EventMode = (typeof eventModes)[number];

export const compressions = compressionNames;
export type Compression = CompressionName;

export const badKinds = [
  "not-json",
  "truncated",
  "invalid-utf8",
  "empty",
  "tombstone",
  "nul-bytes",
  "json-string",
  "json-number",
  "json-array",
  "double-encoded",
  "wrong-type",
  "out-of-range",
  "event-time-absent",
  "event-time-absurd",
  "unknown-field",
  "duplicate-key",
  "nested",
  "oversize",
  "service-missing",
  "service-unknown",
] as const;
/** Documents that a pipeline has to survive. The last two go to `logs.unknown`, the others to their service's topic. */
export type BadKind = (typeof badKinds)[number];
