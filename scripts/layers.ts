/**
 * The import law: what the files of a folder below `src/` may import, besides their own folder and `core`. Stages
 * (source, dispatch, sink, commit) never import each other; they meet in `pipeline`.
 */
export const mayImport: Record<string, readonly string[]> = {
  core: [],
  config: [],
  schema: ["config"],
  codec: ["schema"],
  source: [],
  dispatch: ["codec", "schema"],
  sink: [],
  commit: [],
  telemetry: ["codec"],
  pipeline: ["codec", "commit", "config", "dispatch", "schema", "sink", "source", "telemetry"],
  embedded: ["telemetry"],
  simulator: ["codec", "config", "telemetry"],
  cli: ["config", "embedded", "pipeline", "schema", "simulator", "source", "telemetry"],
};
