import type { DashboardRow } from "../dashboard-row.ts";
import { instanceVariable, pipelineVariable, serviceVariable, stageVariable, windowVariable } from "../variables.ts";
import { latencyPanels } from "./latency.ts";
import { pipelinePanels } from "./pipeline.ts";
import { series1m } from "./series.ts";
import { statusCodes } from "./status-codes.ts";
import { tables } from "./tables.ts";
import { tiles } from "./tiles.ts";

export const opsDashboard: DashboardRow = {
  name: "ops",
  title: "Millrace: operations",
  says: "Is all well, how late is it, and where. Events by their arrival in Kafka, unless a panel says created.",
  ...{ refresh: "2m", from: "now-1h" },
  variables: [windowVariable, serviceVariable, pipelineVariable, instanceVariable, stageVariable],
  sections: [
    { title: "Now", panels: tiles },
    { title: "Minute by minute", panels: series1m },
    { title: "By reason and service", panels: tables },
    { title: "Status codes", panels: statusCodes },
    { title: "Stages", panels: latencyPanels },
    { title: "Pipeline", panels: pipelinePanels },
  ],
};
