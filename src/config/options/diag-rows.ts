import type { OptionRows } from "./option-row.ts";
import { jsonRow } from "./shared-rows.ts";

/** `millrace diag clickhouse`. */
export const diagClickHouseRows = { json: jsonRow } as const satisfies OptionRows;

/** `millrace diag spike`. */
export const diagSpikeRows = {
  windowMs: {
    flag: "--window <duration>",
    type: { kind: "duration", min: 60_000, max: 86_400_000 },
    default: "10m",
    help: "how far back to look, in whole minutes",
  },
  json: jsonRow,
} as const satisfies OptionRows;
