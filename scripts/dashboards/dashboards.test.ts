import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { buildDashboard, dashboardText } from "./build-dashboard.ts";
import { panelsOf } from "./dashboard-row.ts";
import { dashboards, pathOf } from "./dashboards.ts";
import { isSql, type Query } from "./panel-row.ts";

const textOf = (query: Query) => (isSql(query) ? query.sql : query.promql);

/** The anchors of docs/glossary.md: its own, and those that a heading gets. */
const glossary = readFileSync(new URL("../../docs/glossary.md", import.meta.url), "utf8");
const headings = [...glossary.matchAll(/^#+ (.+)$/gm)].map(([, text]) => text!.toLowerCase().replaceAll(" ", "-"));
const anchors = [...[...glossary.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id!), ...headings];

/** Variables that Grafana itself has. */
const own = /^__/;

describe.each(dashboards)("dashboard $name", (row) => {
  const panels = panelsOf(row);

  it("is what the rows of code give (mend with: npm run build:dashboards)", () => {
    expect(readFileSync(pathOf(row), "utf8")).toBe(dashboardText(row));
  });

  it("defines every panel in one sentence, with a term of the glossary", () => {
    for (const { title, says, term } of panels) {
      expect(says, title).toMatch(/^[A-Z0-9].*\.$/);
      expect(says, title).not.toContain("\n");
      expect(anchors, title).toContain(term);
    }
  });

  it("lays panels side by side, none over another and none over the edge", () => {
    const taken = new Set<string>();
    for (const { gridPos } of buildDashboard(row).panels!) {
      const { x, y, w, h } = gridPos!;
      expect(x + w).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column += 1) {
        for (let line = y; line < y + h; line += 1) {
          expect(taken, `${column}, ${line}`).not.toContain(`${column},${line}`);
          taken.add(`${column},${line}`);
        }
      }
    }
  });

  it("uses every variable that it has, and has every variable that it uses", () => {
    const texts = panels.flatMap(({ queries }) => queries.map(textOf));
    const used = texts.flatMap((text) => [...text.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name!));
    expect(new Set(used.filter((name) => !own.test(name)))).toEqual(new Set(row.variables.map(({ name }) => name)));
  });

  it("says of each query what a run gives back", () => {
    for (const { title, queries } of panels) {
      expect(queries.length, title).toBeGreaterThan(0);
      for (const { expect: bounds } of queries) {
        expect(bounds.rows[0], title).toBeGreaterThan(0);
        expect(bounds.rows[1], title).toBeGreaterThanOrEqual(bounds.rows[0]);
        expect(Object.keys(bounds.values ?? {}), title).not.toEqual([]);
      }
    }
  });
});

it("has no file of a dashboard that no row makes", () => {
  const files = readdirSync(new URL("../../dashboards", import.meta.url)).filter((name) => name.endsWith(".json"));
  expect(files.sort()).toEqual(dashboards.map(({ name }) => `${name}.json`).sort());
});

it("has the panels and the refresh intervals of the replaced system", () => {
  const seedsOf = (name: string) =>
    panelsOf(dashboards.find((row) => row.name === name)!).flatMap(({ seeds = [] }) => [...seeds]);
  const count = (name: string, seed: string) => seedsOf(name).filter((one) => one === seed).length;
  expect([count("ops", "S0-75"), count("ops", "S0-76"), count("ops", "S0-77")]).toEqual([8, 9, 3]);
  expect([count("realtime", "S0-78"), count("dimensions", "S0-79")]).toEqual([4, 19]);
  const refreshes = Object.fromEntries(dashboards.map((row) => [row.name, buildDashboard(row).refresh]));
  expect(refreshes).toEqual({ ops: "2m", realtime: "30s", dimensions: "", internals: "30s" });
});

it("shows times in the zone of the replaced system, and lets nobody edit what files say", () => {
  for (const row of dashboards) {
    expect(buildDashboard(row)).toMatchObject({ timezone: "Asia/Seoul", editable: false, uid: `millrace-${row.name}` });
  }
});
