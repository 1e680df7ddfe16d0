import type { PanelRow } from "./panel-row.ts";
import type { VariableRow } from "./variables.ts";

/** A dashboard: its file is dashboards/<name>.json. */
export interface DashboardRow {
  name: string;
  title: string;
  says: string;
  /** How often it refreshes; absent: when somebody asks. */
  refresh?: string;
  /** The range that it opens with, up to now. */
  from: string;
  variables: readonly VariableRow[];
  sections: readonly Section[];
}

export interface Section {
  title: string;
  panels: readonly PanelRow[];
}

export function panelsOf({ sections }: DashboardRow): readonly PanelRow[] {
  return sections.flatMap(({ panels }) => panels);
}
