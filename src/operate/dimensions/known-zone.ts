import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { MillraceError } from "../../core/errors.ts";
import { nearestName } from "../../core/nearest-name.ts";

/** @throws MillraceError E_CONFIG for a time zone that ClickHouse does not know. */
export async function requireZone(client: ClickHouseClient, zone: string): Promise<void> {
  const rows = await queryRows<{ time_zone: string }>(client, "SELECT time_zone FROM system.time_zones");
  const zones = rows.map(({ time_zone }) => time_zone);
  if (zones.includes(zone)) return;
  const nearest = nearestName(zone, zones);
  const hint =
    nearest === undefined
      ? "a name of the IANA database, such as Asia/Seoul or UTC, is wanted"
      : `is ${nearest} meant?`;
  throw new MillraceError("E_CONFIG", `--zone ${zone}: ClickHouse knows no such time zone: ${hint}`);
}
