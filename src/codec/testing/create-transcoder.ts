import type { TablePlan } from "../../schema/plan.ts";
import type { Inflaters } from "../inflate/inflate.ts";
import type { Transcoder } from "../task.ts";

/** Makes the transcoder that a suite tests. */
export type CreateTranscoder = (plan: TablePlan, inflaters: Inflaters) => Transcoder;
