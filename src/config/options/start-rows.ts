import { defaultTranscoder, insertFormats, transcoderNames } from "../../core/transcoding.ts";
import { timerMsMax } from "./bounds.ts";
import { loadRows } from "./load-rows.ts";
import type { OptionRows } from "./option-row.ts";
import { guaranteeRows, pipelineChoiceRows } from "./pipeline-rows.ts";
import { producerRows } from "./producer-rows.ts";
import { topicName } from "./shared-rows.ts";

const { profile, vcpus, from, sessionTimeoutMs, fenceMs, surviveMs, requiredGuarantee } = guaranteeRows;

/** What `millrace start` itself wants to know, in the order of its help. */
export const ingesterRows = {
  profile,
  transcoder: {
    flag: "--transcoder <name>",
    type: { kind: "choice", choices: transcoderNames },
    otherwise: `the profile's, else ${defaultTranscoder}`,
    help: "how records become rows",
  },
  insertFormat: {
    flag: "--insert-format <name>",
    type: { kind: "choice", choices: insertFormats },
    otherwise: "the profile's",
    help: "how rows go to ClickHouse",
  },
  vcpus,
  eventsPerSecond: {
    ...loadRows.eventsPerSecond,
    otherwise: "the profile's",
    help: "events per second of the simulator",
  },
  durationMs: { ...loadRows.durationMs, help: "stop the simulator after this time, then finish; e.g. 20s" },
  untilEnd: {
    flag: "--until-end",
    type: { kind: "flag" },
    help: "stop once every partition has reached the end that it had at the start",
  },
  reportFile: { flag: "--report <file>", type: { kind: "text" }, help: "write the end report as JSON" },
  batchLogFile: {
    flag: "--batch-log <file>",
    type: { kind: "text" },
    help: "append a line of JSON for the start, each stored bundle and the end",
  },
  ...pipelineChoiceRows,
  from,
  sessionTimeoutMs,
  fenceMs,
  drainTimeoutMs: {
    flag: "--drain-timeout <time>",
    type: { kind: "duration", min: 1_000, max: 3_600_000 },
    default: "30s",
    help: "how long the process may take to end after a signal; what is not stored by then is read again",
    why: "below a second not even one insert is finished",
  },
  unreadableIntents: {
    flag: "--unreadable-intents <policy>",
    type: { kind: "choice", choices: ["stop", "at-least-once"] },
    default: "stop",
    help: "what to do when the group's commit metadata was written by another program",
  },
  allowsDuplicates: {
    flag: "--allow-duplicates",
    type: { kind: "flag" },
    help: "start even where the group has no committed offset and the table has rows of the same records",
  },
  surviveMs,
  requiredGuarantee,
  deadLetterTopic: {
    flag: "--dead-letter-topic <name>",
    type: topicName,
    help: "Kafka topic to which each dead letter is sent as well, as JSON",
  },
  dimsRefreshMs: {
    flag: "--dims-refresh <time>",
    type: { kind: "duration", min: 60_000, max: timerMsMax, orZero: true },
    otherwise: "10m with embedded servers; with servers that are named never",
    help: "how often the dim_ tables are built anew, as millrace dims refresh does; 0 never",
  },
  simulate: {
    flag: "--simulate",
    type: { kind: "flag" },
    help: "make events for the servers that are named; for the embedded ones this is the default",
  },
  simulator: { flag: "--no-simulator", type: { kind: "flag" }, help: "make no events" },
  httpPort: {
    ...loadRows.httpPort,
    otherwise: "8080 or the next free one with embedded servers; with servers that are named none is open",
    help: "port of the console, /metrics, /healthz, /readyz and /api; 0 chooses a free one",
  },
  httpAddress: {
    flag: loadRows.httpAddress.flag,
    type: loadRows.httpAddress.type,
    otherwise: "127.0.0.1",
    help: "IP address of that port, 8080 without --port; any but a loopback address needs MILLRACE_HTTP_TOKEN",
  },
  servesHttp: { flag: "--no-http", type: { kind: "flag" }, help: "open no port" },
  fresh: { flag: "--fresh", type: { kind: "flag" }, help: "delete the data of the embedded servers first" },
  json: { flag: "--json", type: { kind: "flag" }, help: "print the end report as JSON" },
} as const satisfies OptionRows;

/** Options of the simulator that `millrace start` hands on to it as they were typed. */
export const passedOnRows = {
  compression: { ...producerRows.compression, help: `simulator: ${producerRows.compression.help}` },
  seed: { ...loadRows.seed, help: `simulator: ${loadRows.seed.help}` },
  badRate: { ...loadRows.badRate, help: `simulator: ${loadRows.badRate.help}` },
} as const satisfies OptionRows;

export const startRows = { ...ingesterRows, ...passedOnRows };

/** The options of `millrace doctor`: of the same set-up. */
export const doctorRows = {
  profile,
  vcpus,
  ...pipelineChoiceRows,
  pipelineNames: { ...pipelineChoiceRows.pipelineNames, help: "pipelines to examine" },
  from,
  sessionTimeoutMs,
  fenceMs,
  surviveMs,
  requiredGuarantee: {
    ...requiredGuarantee,
    help: "exactly-once: exit code 1 when the set-up gives less",
  },
  json: { flag: "--json", type: { kind: "flag" }, help: "print JSON: guarantee and findings" },
} as const satisfies OptionRows;
