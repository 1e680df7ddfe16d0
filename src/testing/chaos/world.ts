import type { IngesterSlot } from "./ingester-slot.ts";
import type { InsertJournal } from "./insert-journal.ts";
import type { ChaosServer } from "./servers.ts";
import type { SidePipeline } from "./side-pipeline.ts";

/** What faults are done to. */
export interface World {
  slots: IngesterSlot[];
  broker: ChaosServer;
  clickHouse: ChaosServer;
  side: SidePipeline;
  journal: InsertJournal;
  sessionTimeoutMs: number;
  drainTimeoutMs: number;
  /** Whether the group commits all that is in the logs now within the time. */
  untilCommitted(timeoutMs: number): Promise<boolean>;
  /** Empties the deduplication windows of all tables, and gives them their size back. */
  forgetTokens(): Promise<void>;
}

/** What came of a fault. `isExact` is false when the moment asked for did not come. */
export interface FaultOutcome {
  text: string;
  isExact: boolean;
  /** What it has shown to be wrong, whatever the count of the records says. */
  finding?: string;
}
