import type { OptionRows } from "./option-row.ts";
import { jsonRow } from "./shared-rows.ts";

/** `millrace status`. */
export const statusRows = {
  url: {
    flag: "--url <url>",
    type: {
      kind: "text",
      pattern: /^https?:\/\/[^\s/]+\/?$/,
      must: "must be an address such as http://127.0.0.1:8080",
    },
    otherwise: "the running demo's, else http://127.0.0.1:8080",
    help: "address of the ingester, as it says at its start; MILLRACE_HTTP_TOKEN is shown to it",
  },
  watches: { flag: "--watch", type: { kind: "flag" }, help: "go on showing it, every two seconds, until Ctrl-C" },
  json: { ...jsonRow, help: "print JSON; with --watch one object a line" },
} as const satisfies OptionRows;
