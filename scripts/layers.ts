/**
 * The import law: what the files of a folder below `src/` may import, besides their own folder and `core`. Stages
 * (source, dispatch, sink, commit) never import each other; they meet in `pipeline`.
 */
export const mayImport: Record<string, readonly string[]> = {
  core: [],
  config: [],
  schema: ["config"],
  codec: ["schema"],
  control: [],
  source: [],
  dispatch: ["codec", "schema"],
  sink: [],
  commit: [],
  telemetry: ["codec", "config"],
  "dead-letters": ["codec", "config", "schema", "sink", "source"],
  pipeline: ["codec", "commit", "config", "dead-letters", "dispatch", "schema", "sink", "source", "telemetry"],
  embedded: ["telemetry"],
  simulator: ["codec", "config", "control", "telemetry"],
  doctor: ["commit", "config", "schema", "sink", "source", "telemetry"],
  cli: [
    "config",
    "control",
    "dead-letters",
    "doctor",
    "embedded",
    "pipeline",
    "schema",
    "simulator",
    "source",
    "telemetry",
  ],
};
