import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { MillraceError } from "../core/errors.ts";
import { eventRate } from "./options/bounds.ts";

/** Hours of the day, both inclusive, with the bounds between which the load factor is drawn (S0-11). */
export interface TimeWeight {
  fromHour: number;
  toHour: number;
  min: number;
  max: number;
}

/** `profiles.yml`, checked (S0-10). */
export interface SimulatorProfile {
  eventsPerSecond: number;
  /** Share of events by service, in proportion; they need not add up to 1. */
  mix: Record<string, number>;
  /** Share of requests that fail, by service. */
  errorRate: Record<string, number>;
  emitForGetRoutes: boolean;
  emitOnFail: boolean;
  seed: number | undefined;
  timeWeights: TimeWeight[];
  /** Keys of the file that the simulator does not use, such as the replaced system's `funnel`. */
  ignoredKeys: string[];
}

export interface SimulatorRoute {
  path: string;
  methods: string[];
  weight: number;
  apiGroup: string | undefined;
  /** Event names by outcome. Null: the route leaves no domain events. */
  domainEvents: { success: string; fail: string } | null;
}

/** `routes.yml`, checked (S0-12): the routes of each service. */
export type SimulatorRoutes = Record<string, SimulatorRoute[]>;

/** The files that come with Millrace. */
export const defaultProfilesFile: string = fileURLToPath(new URL("../../ops/simulator/profiles.yml", import.meta.url));
export const defaultRoutesFile: string = fileURLToPath(new URL("../../ops/simulator/routes.yml", import.meta.url));

const share = z.number().min(0).max(1);

const timeWeightSchema = z.object({
  range: z.string().regex(/^\s*\d{1,2}\s*-\s*\d{1,2}\s*$/, 'must be two hours, such as "0-5"'),
  weight: z.tuple([z.number().min(0), z.number().min(0)]),
});

const profileSchema = z.looseObject({
  eps: z.number().min(eventRate.min).max(eventRate.max).default(5_000),
  mix: z.record(z.string(), z.number().min(0)),
  error_rate: z.union([share, z.record(z.string(), share)]).default(0.01),
  domain_event_policy: z
    .object({ emit_for_get_routes: z.boolean().default(false), emit_on_fail: z.boolean().default(true) })
    .nullish(),
  seed: z.number().int().nullish(),
  time_weights: z.array(timeWeightSchema).nullish(),
});

const routeSchema = z.object({
  path: z.string().min(1),
  methods: z.array(z.string().min(1)).min(1).default(["GET"]),
  weight: z.number().positive().default(1),
  api_group: z.string().nullish(),
  domain_events: z.object({ success: z.string().min(1), fail: z.string().min(1) }).nullish(),
});

const routesSchema = z.object({
  routes: z.record(z.string().regex(/^[A-Za-z0-9._-]{1,200}$/, "must be usable in a topic name"), z.array(routeSchema)),
});

/** Reads `profiles.yml`. @throws MillraceError E_CONFIG that names the file, the key and its value. */
export function readSimulatorProfile(file: string = defaultProfilesFile): SimulatorProfile {
  return parseSimulatorProfile(readText(file), file);
}

/** Reads `routes.yml`. @throws MillraceError E_CONFIG that names the file, the key and its value. */
export function readSimulatorRoutes(file: string = defaultRoutesFile): SimulatorRoutes {
  return parseSimulatorRoutes(readText(file), file);
}

export function parseSimulatorProfile(text: string, file: string): SimulatorProfile {
  const raw = check(profileSchema, parseYaml(text, file), file);
  const services = Object.keys(raw.mix);
  if (!services.some((service) => raw.mix[service]! > 0)) {
    throw new MillraceError("E_CONFIG", `${file}: mix must give at least one service a share above 0`);
  }
  const rate = raw.error_rate;
  return {
    eventsPerSecond: raw.eps,
    mix: raw.mix,
    errorRate: Object.fromEntries(
      services.map((service) => [service, typeof rate === "number" ? rate : (rate[service] ?? 0.01)]),
    ),
    emitForGetRoutes: raw.domain_event_policy?.emit_for_get_routes ?? false,
    emitOnFail: raw.domain_event_policy?.emit_on_fail ?? true,
    seed: raw.seed ?? undefined,
    timeWeights: (raw.time_weights ?? []).map((entry, index) => timeWeight(entry, `${file}: time_weights.${index}`)),
    ignoredKeys: Object.keys(raw).filter((key) => !(key in profileSchema.shape)),
  };
}

export function parseSimulatorRoutes(text: string, file: string): SimulatorRoutes {
  const raw = check(routesSchema, parseYaml(text, file), file);
  const routes: SimulatorRoutes = {};
  for (const [service, list] of Object.entries(raw.routes)) {
    routes[service] = list.map((route) => ({
      path: route.path,
      methods: route.methods.map((method) => method.toUpperCase()),
      weight: route.weight,
      apiGroup: route.api_group ?? undefined,
      domainEvents: route.domain_events ?? null,
    }));
  }
  return routes;
}

function timeWeight(entry: z.infer<typeof timeWeightSchema>, where: string): TimeWeight {
  const [fromHour, toHour] = entry.range.split("-").map(Number) as [number, number];
  const [min, max] = entry.weight;
  if (fromHour > toHour || toHour > 23) {
    throw new MillraceError("E_CONFIG", `${where}.range is "${entry.range}": must rise within 0-23; split at midnight`);
  }
  if (min > max) {
    throw new MillraceError("E_CONFIG", `${where}.weight is [${min}, ${max}]: the first must not exceed the second`);
  }
  return { fromHour, toHour, min, max };
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new MillraceError("E_CONFIG", `${file}: cannot be read (${(error as Error).message})`, { cause: error });
  }
}

function parseYaml(text: string, file: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problem = document.errors[0];
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    throw new MillraceError("E_CONFIG", `${file}:${line}:${col}: not valid YAML: ${problem.message}`);
  }
  return document.toJS();
}

function check<T>(schema: z.ZodType<T>, value: unknown, file: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => {
    const found = valueAt(value, issue.path);
    const key = issue.path.length === 0 ? "the document" : issue.path.join(".");
    return `${file}: ${key} is ${found === undefined ? "missing" : JSON.stringify(found)}: ${issue.message}`;
  });
  throw new MillraceError("E_CONFIG", lines.join("\n"));
}

function valueAt(value: unknown, path: PropertyKey[]): unknown {
  let current = value;
  for (const key of path) current = (current as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return current;
}
