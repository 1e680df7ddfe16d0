import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { z } from "zod";
import { readSimulatorProfile, readSimulatorRoutes } from "../config/simulator-files.ts";
import { badKinds } from "../config/simulator-words.ts";
import { EventGenerator } from "../simulator/event-generator.ts";

const read = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");
const document = JSON.parse(read("event.schema.json"));
const schema = z.fromJSONSchema(document);
const examples: Record<string, unknown>[] = document.examples;

it("allows every event that the simulator makes", () => {
  const generator = new EventGenerator({
    ...{ profile: readSimulatorProfile(), routes: readSimulatorRoutes(), mode: "all", seed: 7 },
    ...{ eventId: "random", badRate: 0, badKinds },
  });
  for (let index = 0; index < 2_000; index += 1) {
    generator.next(1_795_257_731_638);
    const event = JSON.parse(generator.bytes.toString("utf8", 0, generator.length));
    expect(schema.safeParse(event).error, JSON.stringify(event)).toBeUndefined();
  }
});

it("has an example of each kind, the same as its page, and refuses each without any one of what it requires", () => {
  expect(examples.map(({ domain }) => domain)).toEqual(["http", "payment"]);
  const shown = [...read("events.md").matchAll(/```json\n(.*)\n```/g)].map(([, text]) => JSON.parse(text!));
  expect(shown).toEqual(examples);
  for (const [index, kind] of ["http", "domain"].entries()) {
    expect(schema.safeParse(examples[index]).success).toBe(true);
    for (const name of document.$defs[kind].required as string[]) {
      const { [name]: _, ...without } = examples[index]!;
      expect(schema.safeParse(without).success, `${kind} without ${name}`).toBe(false);
    }
  }
});

it("names only fields that the table of facts has a column for, or the pipeline a rule", () => {
  const sql = readFileSync(new URL("../../sql/migrations/0002_fact_event.sql", import.meta.url), "utf8");
  const columns = new Set([...sql.matchAll(/^ {4}(\w+) +\w/gm)].map(([, name]) => name));
  for (const kind of ["http", "domain"]) {
    const names = Object.keys(document.$defs[kind].properties);
    expect(names.filter((name) => !columns.has(name) && name !== "ts_ms" && name !== "timestamp_ms")).toEqual([]);
  }
});
