import { availableParallelism } from "node:os";
import { MillraceError } from "../core/errors.ts";
import { qualifiedTablePattern, topicNamePattern } from "../core/names.ts";
import {
  defaultTranscoder,
  type InsertFormat,
  insertFormats,
  type TranscoderName,
  transcoderNames,
} from "../core/transcoding.ts";
import { type Profile, profileFor } from "./profiles.ts";
import { checkReportFile } from "./report-file.ts";
import { parseChoice, parseCount, parseDurationMs } from "./values.ts";

/** `millrace start` as typed. */
export interface StartArguments {
  profile: string;
  /** Undefined, and the next: the profile's. */
  transcoder?: string;
  insertFormat?: string;
  vcpus?: string;
  eps?: string;
  duration?: string;
  untilEnd?: boolean;
  report?: string;
  topic?: string[];
  table?: string;
  pipeline?: string[];
  pipelines: string;
  group?: string;
  from: string;
  /** Undefined, and the next three: the default. */
  sessionTimeout?: string;
  fence?: string;
  survive?: string;
  drainTimeout?: string;
  unreadableIntents?: string;
  allowDuplicates?: boolean;
  require?: string;
  deadLetterTopic?: string;
  simulator: boolean;
  simulate?: boolean;
  fresh?: boolean;
  json?: boolean;
  compression?: string;
  seed?: string;
  badRate?: string;
}

/** The same, checked. */
export interface StartOptions {
  profile: Profile;
  transcoder: TranscoderName;
  insertFormat: InsertFormat;
  vcpus: number;
  /** Undefined: the profile's. */
  eventsPerSecond: number | undefined;
  durationMs: number | undefined;
  untilEnd: boolean;
  reportFile: string | undefined;
  /** Topics and table without a pipeline file. */
  direct: { topics: string[]; table: string } | undefined;
  pipelineNames: string[];
  pipelineFolder: string;
  groupId: string;
  from: "earliest" | "latest";
  sessionTimeoutMs: number;
  /** How long after its last proof of ownership this process may begin an insert. */
  fenceMs: number;
  /** The longest outage that the tables' windows are judged by. */
  surviveMs: number;
  /** From the signal to the end of the process, whatever does not answer. */
  drainTimeoutMs: number;
  unreadableIntents: "stop" | "at-least-once";
  /** Begin also where the table has rows of the same records already. */
  allowsDuplicates: boolean;
  /** Refuse to start when the set-up gives less. */
  requiresExactlyOnce: boolean;
  deadLetterTopic: string | undefined;
  simulator: boolean;
  /** The built-in topics are made where they are missing. */
  makesTopics: boolean;
  fresh: boolean;
  json: boolean;
  /** Passed on to the simulator as they are; it checks them. */
  simulatorArguments: string[];
}

const EVENTS_PER_SECOND_MAX = 2_000_000;
const VCPUS_MAX = 64;

/** @throws MillraceError E_CONFIG naming the option, its value and what is allowed. */
export function parseStartArguments(typed: StartArguments, servers = { areEmbedded: false }): StartOptions {
  const vcpus =
    typed.vcpus === undefined ? availableParallelism() : parseCount("--vcpus", typed.vcpus, { min: 1, max: VCPUS_MAX });
  const direct = directPipeline(typed);
  const pipelineNames = direct === undefined ? (typed.pipeline ?? ["events", "dead-letters"]) : [];
  const groupName = direct === undefined ? groupNameOf(pipelineNames) : direct.table;
  const profile = profileFor(typed.profile, vcpus);
  return {
    profile,
    transcoder: parseChoice(
      "--transcoder",
      typed.transcoder ?? profile.transcoder ?? defaultTranscoder,
      transcoderNames,
    ),
    insertFormat: parseChoice("--insert-format", typed.insertFormat ?? profile.insertFormat, insertFormats),
    vcpus,
    eventsPerSecond:
      typed.eps === undefined ? undefined : parseCount("--eps", typed.eps, { min: 1, max: EVENTS_PER_SECOND_MAX }),
    durationMs: typed.duration === undefined ? undefined : parseDurationMs("--duration", typed.duration),
    untilEnd: typed.untilEnd === true,
    reportFile: typed.report === undefined ? undefined : checkReportFile(typed.report),
    direct,
    pipelineNames,
    pipelineFolder: typed.pipelines,
    groupId: typed.group ?? `millrace.${groupName}`,
    from: parseChoice("--from", typed.from, ["earliest", "latest"]),
    ...deliveryOptions(typed),
    ...simulation(typed, pipelineNames, servers.areEmbedded),
    fresh: typed.fresh === true,
    json: typed.json === true,
    simulatorArguments: simulatorArguments(typed),
  };
}

/**
 * Made-up events belong only into the topics of the built-in pipeline, and into somebody's servers only when they are asked
 * for by name.
 */
function simulation(
  typed: StartArguments,
  pipelineNames: readonly string[],
  areEmbedded: boolean,
): Pick<StartOptions, "simulator" | "makesTopics"> {
  const readsEvents = pipelineNames.includes("events");
  const isAsked = typed.simulate === true;
  if (isAsked && (!readsEvents || typed.untilEnd === true)) {
    const other = readsEvents ? "--until-end" : "the pipelines that are named";
    throw new MillraceError(
      "E_CONFIG",
      `--simulate makes events for the built-in pipeline, without end: not with ${other}`,
    );
  }
  const isDemo = isAsked || areEmbedded;
  return {
    simulator: isDemo && typed.simulator && readsEvents && typed.untilEnd !== true,
    makesTopics: isDemo && pipelineNames.length > 0,
  };
}

/**
 * The same for the same pipelines in any order: a group's offsets are found again by its name alone. The built-in
 * dead-letters gives no name beside others, so that `events` with and without it are one group.
 */
function groupNameOf(pipelineNames: readonly string[]): string {
  const main = pipelineNames.filter((name) => name !== "dead-letters");
  return [...new Set(main.length > 0 ? main : pipelineNames)].sort().join("+");
}

/** Below a second no group is stable; above half an hour a dead member's partitions wait for too long. */
const SESSION_TIMEOUT_MS = { min: 1_000, max: 1_800_000 };
/** Below half a second an insert is late as a rule. */
const FENCE_MS = { min: 500, max: 600_000 };
/** Below a second not even one insert is finished. */
const DRAIN_TIMEOUT_MS = { min: 1_000, max: 3_600_000 };

/** A week of outage and more is a restore from backup. */
const SURVIVE_MS = { min: 60_000, max: 31 * 86_400_000 };

function deliveryOptions(
  typed: StartArguments,
): Pick<
  StartOptions,
  | "sessionTimeoutMs"
  | "fenceMs"
  | "surviveMs"
  | "drainTimeoutMs"
  | "unreadableIntents"
  | "allowsDuplicates"
  | "requiresExactlyOnce"
  | "deadLetterTopic"
> {
  if (typed.require !== undefined) parseChoice("--require", typed.require, ["exactly-once"]);
  return {
    sessionTimeoutMs: boundedDuration("--session-timeout", typed.sessionTimeout ?? "30s", SESSION_TIMEOUT_MS),
    surviveMs: boundedDuration("--survive", typed.survive ?? "24h", SURVIVE_MS),
    fenceMs: boundedDuration("--fence", typed.fence ?? "10s", FENCE_MS),
    drainTimeoutMs: boundedDuration("--drain-timeout", typed.drainTimeout ?? "30s", DRAIN_TIMEOUT_MS),
    allowsDuplicates: typed.allowDuplicates === true,
    unreadableIntents: parseChoice("--unreadable-intents", typed.unreadableIntents ?? "stop", [
      "stop",
      "at-least-once",
    ]),
    requiresExactlyOnce: typed.require !== undefined,
    deadLetterTopic: typed.deadLetterTopic,
  };
}

function boundedDuration(name: string, text: string, { min, max }: { min: number; max: number }): number {
  const durationMs = parseDurationMs(name, text);
  if (durationMs >= min && durationMs <= max) return durationMs;
  throw new MillraceError("E_CONFIG", `${name} ${text}: must be ${min / 1000}s to ${max / 1000}s`);
}

function directPipeline(typed: StartArguments): StartOptions["direct"] {
  if (typed.topic === undefined && typed.table === undefined) return undefined;
  if (typed.topic === undefined || typed.table === undefined) {
    throw new MillraceError("E_CONFIG", "--topic and --table go together: name both, or use --pipeline");
  }
  if (typed.pipeline !== undefined) {
    throw new MillraceError("E_CONFIG", "--pipeline names its topics and table itself: leave --topic and --table away");
  }
  if (!qualifiedTablePattern.test(typed.table)) {
    throw new MillraceError("E_CONFIG", `--table ${typed.table}: must be database.table, of letters, digits and _`);
  }
  const odd = typed.topic.find((topic) => !topicNamePattern.test(topic));
  if (odd !== undefined) {
    throw new MillraceError("E_CONFIG", `--topic ${odd}: a topic's name has letters, digits, ., _ and -, 249 at most`);
  }
  return { topics: typed.topic, table: typed.table };
}

function simulatorArguments(typed: StartArguments): string[] {
  const given: [string, string | undefined][] = [
    ["--compression", typed.compression],
    ["--seed", typed.seed],
    ["--bad-rate", typed.badRate],
  ];
  return given.flatMap(([option, value]) => (value === undefined ? [] : [option, value]));
}
