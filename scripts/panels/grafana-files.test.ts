import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { coversColumns, readGrants } from "../../src/testing/sql-grants.ts";
import { panelsOf } from "../dashboards/dashboard-row.ts";
import { dashboards } from "../dashboards/dashboards.ts";
import { isSql } from "../dashboards/panel-row.ts";
import { clickHouse, prometheus } from "../dashboards/sources.ts";
import { tablesIn } from "../dashboards/testing/names-in.ts";

/** The files that Grafana is started with, and its user. */

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
const { datasources } = parse(read("ops/grafana/provisioning/datasources/millrace.yml")) as {
  datasources: { uid: string; type: string; editable: boolean; jsonData: Record<string, string> }[];
};

it("has the two data sources that dashboards name, with the replaced system's user and time-outs", () => {
  expect(datasources.map(({ uid, type }) => ({ uid, type }))).toEqual([clickHouse, prometheus]);
  expect(datasources.map(({ editable }) => editable)).toEqual([false, false]);
  expect(datasources[0]!.jsonData).toMatchObject({ username: "grafana_user", queryTimeout: "60", dialTimeout: "10" });
});

it("has Prometheus scraped as often as its data source believes", () => {
  const config = parse(read("ops/prometheus/prometheus.yml")) as { global: { scrape_interval: string } };
  expect(datasources[1]!.jsonData.timeInterval).toBe(config.global.scrape_interval);
});

it("puts the dashboards into one folder, where nobody can change them", () => {
  const { providers } = parse(read("ops/grafana/provisioning/dashboards/millrace.yml"));
  expect(providers).toMatchObject([{ folder: "Analytics", allowUiUpdates: false, disableDeletion: true }]);
});

it("gives its user the reader's bounds, and the time that the plugin asks for with every query", () => {
  const boundsOf = (user: string) =>
    /SETTINGS\n([^;]+);/
      .exec(read(`sql/access/${user}.sql`))![1]!
      .trim()
      .split(/,\s+/);
  const askedS = Number(datasources[0]!.jsonData.queryTimeout) + 5;
  const instead = [
    `max_execution_time = ${askedS} MIN 1 MAX ${askedS}`,
    "timeout_before_checking_execution_speed = 2 CONST",
    "max_estimated_execution_time = 8 CONST",
  ];
  expect(boundsOf("grafana")).toEqual(
    boundsOf("reader").flatMap((bound) => (bound.startsWith("max_execution_time") ? instead : [bound])),
  );
});

it("lets its user read every table that a panel asks", () => {
  expect(read("sql/access/grafana.sql")).toContain("GRANT millrace_reader TO grafana_user;");
  const grants = readGrants(read("sql/access/reader.sql"));
  const queries = dashboards.flatMap((row) => panelsOf(row).flatMap((panel) => [...panel.queries]));
  const tables = new Set(queries.flatMap((query) => (isSql(query) ? tablesIn(query.sql) : [])));
  expect(tables.size).toBeGreaterThan(5);
  expect([...tables].filter((table) => !coversColumns(grants, "SELECT", table, []))).toEqual([]);
});
