import { Cohorts } from "./cohorts.ts";
import { type AcknowledgedBundle, recordBundle } from "./recorder.ts";
import { StageTable } from "./stages.ts";

/** What was recorded since the last flush, by pipeline. Pipelines that stored nothing are not in it. */
export class LatencyInterval {
  readonly stages = new Map<string, StageTable>();
  readonly cohorts = new Map<string, Cohorts>();

  record(pipeline: string, bundle: AcknowledgedBundle): void {
    recordBundle(
      madeOnce(this.stages, pipeline, () => new StageTable()),
      bundle,
    );
    madeOnce(this.cohorts, pipeline, () => new Cohorts()).record(bundle);
  }
}

function madeOnce<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
