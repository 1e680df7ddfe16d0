import { availableParallelism } from "node:os";
import { MillraceError } from "../core/errors.ts";
import { defaultTranscoder, type InsertFormat, type TranscoderName } from "../core/transcoding.ts";
import { attributeOf, flagOf, type OptionValues, type TypedOptions } from "./options/option-row.ts";
import { readOptions } from "./options/read-options.ts";
import { ingesterRows, passedOnRows, type startRows } from "./options/start-rows.ts";
import { choosePlan, type PlanChoice } from "./plan-choice.ts";
import { type Profile, profileFor } from "./profiles.ts";
import { checkWrittenFile } from "./written-file.ts";

/** `millrace start` as typed. */
export type StartArguments = TypedOptions<typeof startRows>;

type StartValues = OptionValues<typeof ingesterRows>;

/** The same, checked: the values of the rows, and what follows from them. */
export interface StartOptions
  extends Omit<
      StartValues,
      | "topics"
      | "table"
      | "requiredGuarantee"
      | "simulate"
      | "httpPort"
      | "httpAddress"
      | "servesHttp"
      | "dimsRefreshMs"
      | keyof Completed
    >,
    Completed {
  /** Refuse to start when the set-up gives less. */ requiresExactlyOnce: boolean;
  /** Where metrics, probes and the API are served; undefined: nowhere. */
  http: HttpChoice | undefined;
  /** How often the dimensions are built anew; undefined: never. */
  dimsRefreshMs: number | undefined;
  /** The built-in topics are made where they are missing. */
  makesTopics: boolean;
  /** For the simulator. */
  simulatorArguments: string[];
}

/** Values that are completed by the profile, the machine and each other. */
interface Completed extends PlanChoice {
  profile: Profile;
  transcoder: TranscoderName;
  insertFormat: InsertFormat;
  vcpus: number;
}

/** @throws MillraceError E_CONFIG naming the option, its value and what is allowed. */
export function parseStartArguments(typed: StartArguments, servers = { areEmbedded: false }): StartOptions {
  const { topics, table, requiredGuarantee, simulate, httpPort, httpAddress, servesHttp, dimsRefreshMs, ...values } =
    readOptions(ingesterRows, typed);
  if (values.fresh && !servers.areEmbedded) {
    throw new MillraceError(
      "E_CONFIG",
      "--fresh deletes the data of embedded servers: it cannot be used with servers that are named",
    );
  }
  refuseContradictions(typed);
  const vcpus = values.vcpus ?? availableParallelism();
  const plan = choosePlan({ topics, table, ...values });
  const profile = profileFor(values.profile, vcpus);
  if (values.reportFile !== undefined) checkWrittenFile("--report", values.reportFile);
  if (values.batchLogFile !== undefined) checkWrittenFile("--batch-log", values.batchLogFile);
  return {
    ...values,
    profile,
    transcoder: values.transcoder ?? profile.transcoder ?? defaultTranscoder,
    insertFormat: values.insertFormat ?? profile.insertFormat,
    vcpus,
    ...plan,
    requiresExactlyOnce: requiredGuarantee !== undefined,
    http: servesHttp ? httpChoice(httpPort, httpAddress, servers.areEmbedded) : undefined,
    dimsRefreshMs: dimsRefresh(dimsRefreshMs, plan.pipelineNames, servers.areEmbedded),
    ...simulation({ ...values, simulate }, plan.pipelineNames, servers.areEmbedded),
    simulatorArguments: simulatorArguments(typed),
  };
}

const DEMO_DIMS_REFRESH_MS = 600_000;

/** The dimensions are of the built-in pipeline's facts; in somebody's servers they are built only for who asks for it. */
function dimsRefresh(
  everyMs: number | undefined,
  pipelineNames: readonly string[],
  isDemo: boolean,
): number | undefined {
  if (everyMs === 0) return undefined;
  if (pipelineNames.includes("events")) return everyMs ?? (isDemo ? DEMO_DIMS_REFRESH_MS : undefined);
  if (everyMs === undefined) return undefined;
  throw new MillraceError(
    "E_CONFIG",
    "--dims-refresh builds the dim_ tables of the built-in pipeline events, which does not run here: leave it out",
  );
}

export interface HttpChoice {
  port: number;
  address: string;
  /** Nobody has asked for the port: when it is taken, the next free one is as good. */
  mayMove: boolean;
}

const HTTP_PORT = 8_080;

/** The demo is there to be looked at; beside servers that are named a port is opened only for who asks for it. */
function httpChoice(port: number | undefined, address: string | undefined, isDemo: boolean): HttpChoice | undefined {
  const isAskedFor = port !== undefined || address !== undefined;
  if (!isAskedFor && !isDemo) return undefined;
  return { port: port ?? HTTP_PORT, address: address ?? "127.0.0.1", mayMove: !isAskedFor };
}

/** Options of which one leaves nothing of the other. */
function refuseContradictions({ simulate, simulator, untilEnd, duration, http, port, listen }: StartArguments): void {
  const refuse = (what: string) => new MillraceError("E_CONFIG", what);
  if (simulate === true && simulator === false) throw refuse("--simulate and --no-simulator contradict each other");
  if (untilEnd === true && duration !== undefined)
    throw refuse("--until-end and --duration each say when the run ends: name one of them");
  const named = port !== undefined ? "--port" : listen !== undefined ? "--listen" : undefined;
  if (http === false && named !== undefined)
    throw refuse(`--no-http opens no port, and ${named} names one: leave one out`);
}

/**
 * Made-up events belong only into the topics of the built-in pipeline, and into somebody's servers only when they are asked
 * for by name.
 */
function simulation(
  { simulate, simulator, untilEnd }: Pick<StartValues, "simulate" | "simulator" | "untilEnd">,
  pipelineNames: readonly string[],
  areEmbedded: boolean,
): Pick<StartOptions, "simulator" | "makesTopics"> {
  const readsEvents = pipelineNames.includes("events");
  if (simulate && (!readsEvents || untilEnd)) {
    const other = readsEvents ? "--until-end" : "the pipelines that are named";
    throw new MillraceError(
      "E_CONFIG",
      `--simulate makes events for the built-in pipeline, without end: it cannot be used with ${other}`,
    );
  }
  const isDemo = simulate || areEmbedded;
  return {
    simulator: isDemo && simulator && readsEvents && !untilEnd,
    makesTopics: isDemo && pipelineNames.length > 0,
  };
}

/** Checked here, so that a wrong one ends the start and not the child. */
function simulatorArguments(typed: StartArguments): string[] {
  readOptions(passedOnRows, typed);
  return Object.values(passedOnRows).flatMap((row) => {
    const text = typed[attributeOf(row) as keyof typeof typed];
    return text === undefined ? [] : [flagOf(row), String(text)];
  });
}
