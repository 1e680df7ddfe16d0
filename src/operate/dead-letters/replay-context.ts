import type { ClickHouseClient, ClickHouseSettings } from "@clickhouse/client";
import type { ReplayLog } from "./replay-log.ts";
import type { ReplayReport } from "./replay-report.ts";
import type { createRoutes } from "./replay-routes.ts";

/** The places between which a replay may be killed. */
export type ReplayStep = "beforeIntent" | "afterIntent" | "afterInsert" | "afterOutcome";

/** What all steps of one replay share. */
export interface ReplayContext {
  client: ClickHouseClient;
  newerSettings: ClickHouseSettings;
  routeOf: ReturnType<typeof createRoutes>;
  log: ReplayLog;
  report: ReplayReport;
  dryRun: boolean;
  force: boolean;
  step: (step: ReplayStep) => void;
}
