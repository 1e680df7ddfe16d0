import type { Sink } from "../sink/sink.ts";
import type { BundleDelivery } from "./bundle-delivery.ts";
import type { Intake } from "./intake.ts";
import type { AnnouncedBundles } from "./read-announced.ts";
import type { SharedTables } from "./shared-tables.ts";
import type { StoppedPlans } from "./stopped-plans.ts";

/** What the half that takes and gives up partitions asks of the other parts. */
export interface AssignmentParts {
  readonly intake: Intake;
  readonly sink: Sink;
  readonly sharedTables: SharedTables;
  readonly stoppedPlans: StoppedPlans;
  readonly delivery: BundleDelivery;
  readonly announced: AnnouncedBundles;
}
