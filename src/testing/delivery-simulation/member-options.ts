import type { DeliveryStep } from "../../ingest/pipeline/delivery-steps.ts";
import type { Recovery } from "../../ingest/pipeline/recovery-plan.ts";
import type { SimulatedBroker } from "./broker.ts";
import type { SimulatedWarehouse } from "./warehouse.ts";
import type { World } from "./world.ts";

export interface MemberOptions {
  world: World;
  broker: SimulatedBroker;
  warehouse: SimulatedWarehouse;
  fenceMs: number;
  /** Leaves the intents of the owner before unread: what a client without them does. */
  forgetsIntents: boolean;
  /** Takes an insert for stored when it is sent. */
  acknowledgesEarly: boolean;
  /** Takes a bundle for stored when one of its partitions says nothing of it. */
  concludesFromAbsence: boolean;
  /** Puts a bundle together again in another order. */
  reorders: boolean;
  /** Judges what it repeats by its own clock. */
  judgesAnew: boolean;
  /** Does not join again after a rebalance. */
  joinsOnce: boolean;
  /** Says of itself at each join what it said before: as kafkajs does. */
  saysTheSame: boolean;
  /** Commits that were looking for the coordinator when their epoch ended are sent: as kafkajs does. */
  sendsAfterTheEnd: boolean;
  /** Sends the next commit after one that may still come. */
  repeatsUnanswered: boolean;
  /** Inserts whatever the time is. */
  ignoresDeadlines: boolean;
  /** Leaves ranges in their bundle that it stores alone. */
  staysInBundle: boolean;
  /** Looks at a bundle of which others have ranges at its join only. */
  looksOnce: boolean;
  /** The share of bundles of which a partition has no leader for a while, when they are to be repeated. */
  slowReadShare: number;
  onStaleBundle(): void;
  onRecovery(kind: Recovery["kind"]): void;
  onLookUp(): void;
}

/** An order to end, or to stand still, at the n-th time that a step is reached. */
export interface Ambush {
  step: DeliveryStep;
  count: number;
  act(): void;
}
