import { writeFileSync } from "node:fs";
import { dashboardText } from "./build-dashboard.ts";
import { dashboards, pathOf } from "./dashboards.ts";

/** `npm run build:dashboards`: writes the JSON that Grafana reads. */
for (const row of dashboards) writeFileSync(pathOf(row), dashboardText(row));
