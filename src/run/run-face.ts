import type { MillraceError } from "../core/errors.ts";
import type { EmbeddedServers } from "./embedded-servers.ts";
import type { RunReport } from "./report.ts";
import type { Run } from "./run.ts";

/** Whoever shows a run: a terminal, a container's log, a page. It is told in this order; `stopping` comes at any time. */
export interface RunFace {
  /** Servers and connections are being opened. Returns how to stop showing it, which is called more than once. */
  starting(startedMs: number): () => void;
  serversReady(servers: EmbeddedServers): void;
  /** The pipeline begins. Returns how to stop showing it. */
  running(run: Run): () => void;
  /** Somebody asked to stop. */
  stopping(reason: string): void;
  /** The pipeline is drained. The servers are still to be closed, and may take long: who waits for the report has it here. */
  reported(report: RunReport, run: Run): Promise<void> | void;
}

/** How a run ended: asked to stop before it began, or with its report. */
export type RunEnd =
  | { kind: "not begun" }
  /** `fault`: the run's end is not what it should be, E_INCOMPLETE. */
  | { kind: "reported"; report: RunReport; fault: MillraceError | undefined };
