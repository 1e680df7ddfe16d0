import { formatTable } from "../../src/cli/print-table.ts";
import type { ProfileName } from "../../src/config/profiles.ts";
import type { CodecFigures } from "./codec-cases.ts";
import type { TunedProfile } from "./tune-profiles.ts";

export function printCodec(codec: readonly CodecFigures[]): void {
  const rows = codec.map(({ rows, eventsPerSecond, margin, taskMs }) => [
    String(rows),
    String(eventsPerSecond),
    `${(margin * 100).toFixed(1)} %`,
    String(taskMs),
  ]);
  console.log(`\ncodec, one worker\n${formatTable(["rows per task", "events/s", "±", "ms per task"], rows)}`);
}

export function printProfile(name: ProfileName, { goal, load, searches }: TunedProfile): void {
  const rows = searches.flatMap(({ tried }) =>
    tried.flatMap(({ name, runs }) =>
      runs.map(({ value, chosen, figures }) => [
        name,
        `${value}${chosen ? " *" : "  "}`,
        String(figures.rowsPerSecond),
        figures.cpuMicrosPerRow.toFixed(2),
        figures.e2eP95Ms === undefined ? "-" : String(figures.e2eP95Ms),
        String(figures.ingesterMiB),
        String(figures.clickHouseMiB),
      ]),
    ),
  );
  const header = ["value", "tried", "rows/s", "µs CPU a row", "e2e p95 ms", "ingester MiB", "ClickHouse MiB"];
  console.log(`\n${name}: ${goal}\nload: ${load}\n${formatTable(header, rows)}`);
}
