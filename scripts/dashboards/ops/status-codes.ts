import { percent, run } from "../bounds.ts";
import type { PanelRow } from "../panel-row.ts";
import { byLabel, chosenServices, overTimeBy } from "../sql.ts";

const chart = { view: "series", seeds: ["S0-103"], interval: "1m", width: 12, isStacked: true } as const;
const byCode = (by: string, column: string) => overTimeBy(by, [column], "fact_event", chosenServices, "ingest_ts");

/** How the answers are spread over codes and classes. */
export const statusCodes: readonly PanelRow[] = [
  {
    ...{ ...chart, unit: "short", seriesName: byLabel("code") },
    ...{ title: "Status codes over time", term: "status-class" },
    says: "Events per second by status code, by the minute in which they arrived in Kafka.",
    queries: [
      {
        sql: byCode("toString(status_code) AS code", `count() / $__interval_s AS "events/s"`),
        expect: { rows: [2, 100], values: { "events/s": [0.001, 2 * run.eventsPerSecond] } },
      },
    ],
  },
  {
    ...{ ...chart, unit: "percent", seriesName: byLabel("class") },
    ...{ title: "Status classes over time", term: "status-class" },
    says: "Share of each class of status codes (2xx, 4xx, 5xx) in the events that arrived in a minute.",
    queries: [
      {
        sql: byCode(
          "concat(toString(intDiv(status_code, 100)), 'xx') AS class",
          `100 * count() / sum(count()) OVER (PARTITION BY time) AS "share"`,
        ),
        expect: { rows: [2, 20], values: { share: percent } },
      },
    ],
  },
];
