import type { OptionRows } from "./option-row.ts";
import { jsonRow } from "./shared-rows.ts";

/**
 * `millrace dims refresh` (S0-68, S0-69). How much memory and how many threads it takes is ClickHouse's affair, and none of
 * these (S0-72).
 */
export const dimsRefreshRows = {
  lookbackMs: {
    flag: "--lookback <duration>",
    type: { kind: "duration", min: 60_000, max: 3_650 * 86_400_000 },
    otherwise: "that of the last refresh, else 7d",
    help: "look at facts that arrived within it: their services and users are active, their codes are known",
  },
  serviceMap: {
    flag: "--service-map <file>",
    type: { kind: "text" },
    otherwise: "the map that is there stays",
    help: "CSV with the header service,service_group,is_active,description; kept for later refreshes",
  },
  zone: {
    flag: "--zone <zone>",
    type: { kind: "text" },
    otherwise: "that of the last refresh, else Asia/Seoul",
    help: "time zone of days and times of day, such as Europe/Berlin",
  },
  json: jsonRow,
} as const satisfies OptionRows;
