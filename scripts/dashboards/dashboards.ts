import type { DashboardRow } from "./dashboard-row.ts";
import { dimensionsDashboard } from "./dimensions/dimensions.ts";
import { internalsDashboard } from "./internals/internals.ts";
import { opsDashboard } from "./ops/ops.ts";
import { realtimeDashboard } from "./realtime.ts";

/** All of them. */
export const dashboards: readonly DashboardRow[] = [
  opsDashboard,
  realtimeDashboard,
  dimensionsDashboard,
  internalsDashboard,
];

/** The file of its JSON. */
export function pathOf({ name }: DashboardRow): string {
  return new URL(`../../dashboards/${name}.json`, import.meta.url).pathname;
}
