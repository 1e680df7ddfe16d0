import {
  type Dashboard,
  DashboardBuilder,
  DashboardLinkBuilder,
  DashboardLinkType,
  RowBuilder,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { buildPanel } from "./build-panel.ts";
import type { DashboardRow } from "./dashboard-row.ts";
import { buildVariable } from "./variables.ts";

/** Times are stored in UTC. Panels show them in this zone, as the replaced system did, unless a user's profile says otherwise. */
export const displayZone = "Asia/Seoul";

const tag = "millrace";

/** The dashboard as Grafana keeps it. */
export function buildDashboard(row: DashboardRow): Dashboard {
  const dashboard = new DashboardBuilder(row.title)
    .uid(`millrace-${row.name}`)
    .description(row.says)
    .tags([tag])
    .timezone(displayZone)
    .time({ from: row.from, to: "now" })
    .refresh(row.refresh ?? "")
    .link(others())
    .readonly();
  for (const variable of row.variables) dashboard.withVariable(buildVariable(variable));
  let id = 1;
  for (const section of row.sections) {
    if (row.sections.length > 1) dashboard.withRow(new RowBuilder(section.title).id(id++));
    for (const panel of section.panels) dashboard.withPanel(buildPanel(panel, id++));
  }
  return dashboard.build();
}

/** From each dashboard to the others, with the same range and choices. */
function others(): DashboardLinkBuilder {
  return new DashboardLinkBuilder("Millrace")
    .type(DashboardLinkType.Dashboards)
    .tags([tag])
    .keepTime(true)
    .includeVars(true);
}

/** The text of its file. */
export function dashboardText(row: DashboardRow): string {
  return `${JSON.stringify(buildDashboard(row), null, 2)}\n`;
}
