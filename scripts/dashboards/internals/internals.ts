import type { DashboardRow } from "../dashboard-row.ts";
import { instanceVariable } from "../variables.ts";
import { flow } from "./flow.ts";
import { group, state } from "./group.ts";
import { inserts } from "./inserts.ts";
import { processPanels } from "./process.ts";

export const internalsDashboard: DashboardRow = {
  name: "internals",
  title: "Millrace: pipeline internals",
  says: "What the ingester measures of itself, from Prometheus.",
  ...{ refresh: "30s", from: "now-1h" },
  variables: [instanceVariable],
  sections: [
    { title: "In force", panels: state },
    { title: "Flow", panels: flow },
    { title: "ClickHouse", panels: inserts },
    { title: "Process", panels: processPanels },
    { title: "Kafka's group", panels: group },
  ],
};
