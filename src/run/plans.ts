import type { ClickHouseClient } from "@clickhouse/client";
import { namesMeantBy, type PipelineText, readPipelineFiles } from "../config/pipelines.ts";
import type { StartOptions } from "../config/start-options.ts";
import { MillraceError } from "../core/errors.ts";
import { nearestName } from "../core/nearest-name.ts";
import { nobody, type Origin } from "../core/origin.ts";
import type { MigrateOptions } from "../operate/migrations/migrate.ts";
import { buildPlan, defaultPipeline } from "../schema/build-plan.ts";
import { deadLettersPipeline, eventsPipeline } from "../schema/events-pipeline.ts";
import { deadLetterTable, type Pipeline } from "../schema/pipeline.ts";
import { parsePipeline } from "../schema/pipeline-file.ts";
import type { TablePlan } from "../schema/plan.ts";
import { readTable } from "../schema/read-table.ts";

/** Finds the pipelines that the options name: built-in ones, files, or one made of `--topic` and `--table`. */
export async function choosePipelines(
  options: Pick<StartOptions, "direct" | "pipelineNames" | "pipelineFolder">,
): Promise<Pipeline[]> {
  if (options.direct !== undefined) return [defaultPipeline(options.direct)];
  const known = await knownPipelines(options.pipelineFolder);
  const chosen = options.pipelineNames.map((name) => choose(name, known, options.pipelineFolder));
  refuseSharedTopics(chosen);
  return chosen;
}

/** The built-in pipeline's tables, some twenty with their views, are made only where something writes into them. */
export function eventTablesOf(pipelines: readonly Pipeline[]): NonNullable<MigrateOptions["eventTables"]> {
  return pipelines.some(({ table }) => table === eventsPipeline.table) ? "made" : "kept";
}

/** The pipelines that there are, by name, and why others cannot be used. */
export interface KnownPipelines {
  usable: Map<string, Pipeline>;
  faults: Map<string, MillraceError>;
}

/**
 * The built-in pipelines, and those of the folder, which may replace them. A file with a fault is the concern of those
 * alone who use its pipeline.
 */
export async function knownPipelines(folder: string): Promise<KnownPipelines> {
  const usable = new Map([eventsPipeline, deadLettersPipeline].map((pipeline) => [pipeline.name, pipeline]));
  const faults = new Map<string, MillraceError>();
  const fileOf = new Map<string, string>();
  for (const file of await readPipelineFiles(folder)) {
    const read = readPipeline(file);
    if (read instanceof MillraceError) {
      for (const name of namesMeantBy(file)) faults.set(name, read);
      continue;
    }
    const other = fileOf.get(read.name);
    if (other !== undefined) {
      const what = `${other} and ${file.fileName} both have the name ${read.name}: give each its own`;
      faults.set(read.name, new MillraceError("E_CONFIG", what));
    }
    fileOf.set(read.name, file.fileName);
    usable.set(read.name, read);
  }
  for (const name of faults.keys()) usable.delete(name);
  return { usable, faults };
}

function readPipeline(file: PipelineText): Pipeline | MillraceError {
  if ("fault" in file) return file.fault;
  try {
    return parsePipeline(file.text, file.fileName);
  } catch (error) {
    if (error instanceof MillraceError) return error;
    throw error;
  }
}

function choose(name: string, { usable, faults }: KnownPipelines, folder: string): Pipeline {
  const pipeline = usable.get(name);
  if (pipeline !== undefined) return pipeline;
  const fault = faults.get(name);
  if (fault !== undefined) throw fault;
  const names = [...usable.keys(), ...faults.keys()];
  const nearest = nearestName(name, names);
  const hint = nearest === undefined ? "" : `, did you mean ${nearest}?`;
  throw new MillraceError(
    "E_CONFIG",
    `--pipeline ${name}${hint === "" ? ": is not known." : `: is not known${hint}`} Pipelines: ${names.join(", ")}; their files are looked for in ${folder} (--pipelines)`,
  );
}

/** A record has one row: two pipelines of one process cannot take the same topic. */
function refuseSharedTopics(pipelines: Pipeline[]): void {
  const owner = new Map<string, string>();
  for (const { name, topics } of pipelines) {
    for (const topic of topics) {
      const other = owner.get(topic);
      if (other !== undefined) {
        throw new MillraceError(
          "E_CONFIG",
          `topic ${topic}: pipelines ${other} and ${name} both read it; run them apart`,
        );
      }
      owner.set(topic, name);
    }
  }
}

export async function buildPlans(
  client: ClickHouseClient,
  pipelines: Pipeline[],
  origin: Origin = nobody,
): Promise<TablePlan[]> {
  const deadLetterColumns = await readTable(client, deadLetterTable);
  return Promise.all(
    pipelines.map(async (pipeline) =>
      buildPlan(pipeline, await readTable(client, pipeline.table), deadLetterColumns, origin),
    ),
  );
}
