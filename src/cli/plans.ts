import type { ClickHouseClient } from "@clickhouse/client";
import { readPipelineFiles } from "../config/pipelines.ts";
import type { StartOptions } from "../config/start-options.ts";
import { MillraceError } from "../core/errors.ts";
import { nobody, type Origin } from "../core/origin.ts";
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
  const chosen = options.pipelineNames.map((name) => {
    const pipeline = known.get(name);
    if (pipeline !== undefined) return pipeline;
    throw new MillraceError("E_CONFIG", `--pipeline ${name}: must be one of ${[...known.keys()].join(", ")}`);
  });
  refuseSharedTopics(chosen);
  return chosen;
}

/** All pipelines that there are, by name: the built-in ones, and those of the folder, which may replace them. */
export async function knownPipelines(folder: string): Promise<Map<string, Pipeline>> {
  const known = new Map([eventsPipeline, deadLettersPipeline].map((pipeline) => [pipeline.name, pipeline]));
  for (const { fileName, text } of await readPipelineFiles(folder)) {
    const pipeline = parsePipeline(text, fileName);
    known.set(pipeline.name, pipeline);
  }
  return known;
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
