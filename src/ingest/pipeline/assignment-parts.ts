import type { Sink } from "../sink/sink.ts";
import type { Intake } from "./intake.ts";
import type { SharedTables } from "./shared-tables.ts";
import type { StoppedPlans } from "./stopped-plans.ts";

/** What the half that takes and gives up partitions asks of the other parts. */
export interface AssignmentParts {
  readonly intake: Intake;
  readonly sink: Sink;
  readonly sharedTables: SharedTables;
  readonly stoppedPlans: StoppedPlans;
  /** A range of the topic has ended without being acknowledged. */
  ended(error: unknown, topic: string): void;
}
