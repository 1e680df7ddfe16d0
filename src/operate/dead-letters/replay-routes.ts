import type { ClickHouseClient } from "@clickhouse/client";
import type { Inflaters } from "../../codec/inflate/inflate.ts";
import type { Origin } from "../../core/origin.ts";
import { buildPlan, defaultPipeline } from "../../schema/build-plan.ts";
import { deadLetterTable, type Pipeline } from "../../schema/pipeline.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { readTable } from "../../schema/read-table.ts";
import type { Letter } from "./letter.ts";
import { readTarget, type Target } from "./replay-target.ts";
import { createLetterTranscoder, type TranscodeLetter } from "./transcode.ts";

/** Where the letters of one pipeline, cluster and group go. */
export interface Route {
  plan: TablePlan;
  transcode: TranscodeLetter;
  target: Target;
}

/** Why a letter is not replayed. */
export interface Skip {
  skip: "dead_letter_pipeline" | "unknown_pipeline" | "foreign_topic" | "batch_corrupt";
  message: string;
}

export interface RouteOptions {
  client: ClickHouseClient;
  /** All pipelines there are, built in or from files. */
  pipelines: readonly Pipeline[];
  /** Target of `start --topic … --table …`, whose letters may be replayed too: their pipeline is named like it. */
  table: string | undefined;
  atLeastOnce: boolean;
  inflaters: Inflaters;
}

/**
 * Finds the way of a letter: the pipeline that rejected it, as it is now. Plans are made when the first letter wants
 * one; a table that nobody needs may be missing.
 */
export function createRoutes(options: RouteOptions): (letter: Letter) => Promise<Route | Skip> {
  const routes = new Map<string, Promise<Route>>();
  const deadLetterTopics = new Set(
    options.pipelines.filter(({ table }) => table === deadLetterTable).flatMap(({ topics }) => topics),
  );
  return async (letter) => {
    const chosen = choose(letter, options, deadLetterTopics);
    if ("skip" in chosen) return chosen;
    const { cluster, group } = letter;
    const key = JSON.stringify([chosen.name, cluster, group]);
    let route = routes.get(key);
    if (route === undefined) {
      route = makeRoute(chosen, options, { cluster, group });
      routes.set(key, route);
    }
    return route;
  };
}

function choose(letter: Letter, options: RouteOptions, deadLetterTopics: Set<string>): Pipeline | Skip {
  const { topic, pipeline: name } = letter;
  // Before the name: a document of such a topic says itself which pipeline it comes from.
  if (deadLetterTopics.has(topic)) {
    return {
      skip: "dead_letter_pipeline",
      message: `${topic} holds dead letters: what stood there is a copy, and would be replayed into the dead letters`,
    };
  }
  if (letter.errorType === "batch_corrupt") {
    return { skip: "batch_corrupt", message: "its document is a record batch that cannot be read, or nothing" };
  }
  const known = options.pipelines.find((pipeline) => pipeline.name === name);
  const isDirect = known === undefined && options.table !== undefined && options.table === name;
  const pipeline = isDirect ? defaultPipeline({ topics: [topic], table: name }) : known;
  if (pipeline === undefined) {
    const hint = "if it ran as `start --topic … --table …`, name that table with --table; else check --pipelines";
    return { skip: "unknown_pipeline", message: `there is no pipeline "${name}": ${hint}` };
  }
  if (pipeline.table === deadLetterTable) {
    return { skip: "dead_letter_pipeline", message: `pipeline ${name} writes into the dead letters itself` };
  }
  if (!isDirect && !pipeline.topics.includes(topic)) {
    return { skip: "foreign_topic", message: `pipeline ${name} does not read ${topic} any more` };
  }
  return pipeline;
}

async function makeRoute(pipeline: Pipeline, options: RouteOptions, origin: Origin): Promise<Route> {
  const { client } = options;
  const [columns, deadLetterColumns] = await Promise.all([
    readTable(client, pipeline.table),
    readTable(client, deadLetterTable),
  ]);
  const plan = buildPlan(pipeline, columns, deadLetterColumns, origin);
  const target = await readTarget(client, plan, options.atLeastOnce);
  return { plan, target, transcode: createLetterTranscoder(plan, options.inflaters) };
}
