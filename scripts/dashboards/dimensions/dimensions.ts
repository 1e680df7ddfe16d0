import type { DashboardRow } from "../dashboard-row.ts";
import { services } from "./services.ts";
import { statusCodes } from "./status-codes.ts";
import { overview } from "./tables.ts";
import { times } from "./times.ts";
import { users } from "./users.ts";

export const dimensionsDashboard: DashboardRow = {
  name: "dimensions",
  title: "Millrace: dimensions",
  says: "Are the dimensions whole, and do they know what the facts of the last day name? Filled by `millrace dims refresh`.",
  from: "now-24h",
  variables: [],
  sections: [
    { title: "Tables", panels: overview },
    { title: "Days and times", panels: times },
    { title: "Services", panels: services },
    { title: "Status codes", panels: statusCodes },
    { title: "Users", panels: users },
  ],
};
