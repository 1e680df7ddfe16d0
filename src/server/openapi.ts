import { z } from "zod";
import { PAGE_HEADER } from "./console/browser-guard.ts";
import {
  historySchema,
  lettersSchema,
  limitsSchema,
  loggedInSchema,
  loginSchema,
  partsSchema,
  recordSchema,
  rowsSchema,
  sqlSchema,
} from "./console/console-schema.ts";
import { healthSchema, readySchema, refusalSchema, statusSchema } from "./status-schema.ts";

interface Answer {
  description: string;
  schema?: z.ZodType;
}

interface Route {
  summary: string;
  /** Its method, if it is not GET, and what it takes. */
  post?: z.ZodType;
  /** Names of its parameters, with what each means. */
  parameters?: Record<string, { means: string; schema: z.ZodType; isNeeded?: true }>;
  /** Answered to everybody, and without a token in fewer words. */
  isOpen?: true;
  answers: Record<number, Answer>;
}

/** Why a route that asks ClickHouse has no rows. */
const unasked: Record<number, Answer> = {
  403: { description: "Rows need a token here: ClickHouse asks for a login", schema: refusalSchema },
  422: { description: "Refused, by the console or by ClickHouse", schema: refusalSchema },
  429: { description: "Other queries are under way", schema: refusalSchema },
  503: { description: "It has not begun", schema: refusalSchema },
};

/** Every route of the ingester, from which its OpenAPI document is made. */
export const routes: Record<string, Route> = {
  "/metrics": { summary: "Prometheus' text format 0.0.4", answers: { 200: { description: "See docs/metrics.md" } } },
  "/healthz": {
    summary: "Whether the process moves",
    isOpen: true,
    answers: {
      200: { description: "It does", schema: healthSchema },
      503: { description: "It stands still: start it anew", schema: healthSchema },
    },
  },
  "/readyz": {
    summary: "Whether records are being stored",
    isOpen: true,
    answers: {
      200: { description: "They are", schema: readySchema },
      503: { description: "They are not, or not all", schema: readySchema },
    },
  },
  "/api/status": {
    summary: "How the run stands",
    answers: { 200: { description: "What the status line and the end report say, now", schema: statusSchema } },
  },
  "/api/openapi.json": { summary: "This document", answers: { 200: { description: "OpenAPI 3.1" } } },
  "/api/stream": {
    summary: "How it stands, every two seconds, as server-sent events (`state`) for the console",
    answers: {
      200: { description: "Events until the caller goes" },
      503: { description: "Sixteen are open", schema: refusalSchema },
    },
  },
  "/api/history": {
    summary: "The last 15 minutes",
    answers: { 200: { description: "Samples", schema: historySchema } },
  },
  "/api/dead-letters": {
    summary: "Dead letters by reason, and the latest",
    parameters: { reason: { means: "The latest of this reason alone", schema: z.string() } },
    answers: { 200: { description: "Of the last 24 hours", schema: lettersSchema }, ...unasked },
  },
  "/api/dead-letters/record": {
    summary: "A record's dead letters, whole",
    parameters: {
      topic: { means: "Where the record is", schema: z.string(), isNeeded: true },
      partition: { means: "Where the record is", schema: z.int().min(0), isNeeded: true },
      offset: { means: "Where the record is", schema: z.int().min(0), isNeeded: true },
    },
    answers: { 200: { description: "None: it is not in the table", schema: recordSchema }, ...unasked },
  },
  "/api/parts": {
    summary: "Parts of the tables",
    answers: { 200: { description: "At this moment", schema: partsSchema }, ...unasked },
  },
  "/api/rows": {
    summary: "The newest rows of a pipeline's table",
    parameters: { table: { means: "database.table", schema: z.string(), isNeeded: true } },
    answers: { 200: { description: "50 at most", schema: rowsSchema }, ...unasked },
  },
  "/api/sql": {
    summary: "One statement that reads, within the limits of /api/limits",
    post: sqlSchema,
    answers: { 200: { description: "Its rows", schema: rowsSchema }, ...unasked },
  },
  "/api/limits": {
    summary: "What a query may take",
    answers: { 200: { description: "At most", schema: limitsSchema } },
  },
  "/api/login": {
    summary: "Takes the token from a browser, and gives it a cookie in its place; there where a token is asked for",
    isOpen: true,
    post: loginSchema,
    answers: {
      200: { description: "The cookie is set", schema: loggedInSchema },
      401: { description: "It is not the token", schema: refusalSchema },
      404: { description: "No token is asked for", schema: refusalSchema },
    },
  },
};

const otherContent: Record<string, unknown> = {
  "/metrics": { "text/plain": { schema: { type: "string" } } },
  "/api/openapi.json": { "application/json": { schema: { type: "object" } } },
  "/api/stream": { "text/event-stream": { schema: { type: "string" } } },
};

/** OpenAPI 3.1, whose schemas are those by which the tests check the answers. */
export function openApiDocument(version: string): Record<string, unknown> {
  const refusal = (description: string) => ({ description, ...jsonContent(refusalSchema) });
  const refused = refusal("No token, or a wrong one");
  const foreign = refusal("Asked by a page of another site, or under a name that is not this machine's");
  const tooMuch = refusal("The body has more than 64 KiB");
  const paths = Object.entries(routes).map(([path, { summary, isOpen, post, parameters = {}, answers }]) => {
    const responses = Object.entries(answers).map(([status, { description, schema }]) => {
      const content = schema === undefined ? { content: otherContent[path] } : jsonContent(schema);
      return [status, { description, ...content }];
    });
    const refusals = {
      ...(isOpen === true ? {} : { 401: refused }),
      ...{ 403: foreign, ...(post === undefined ? {} : { 413: tooMuch }) },
    };
    const security = isOpen === true ? [] : [{ token: [] }];
    const taken = {
      parameters: [...Object.entries(parameters), ...(post === undefined ? [] : [pageHeader])].map(parameterOf),
      ...(post === undefined ? {} : { requestBody: { required: true, ...jsonContent(post) } }),
    };
    const method = post === undefined ? "get" : "post";
    const operation = { summary, security, ...taken, responses: { ...refusals, ...Object.fromEntries(responses) } };
    return [path, { [method]: operation }];
  });
  return {
    openapi: "3.1.0",
    info: {
      title: "Millrace",
      version,
      description: "The ingester's metrics, probes, state and console. All of it only reads.",
    },
    components: {
      securitySchemes: {
        token: {
          ...{ type: "http", scheme: "bearer" },
          description: "MILLRACE_HTTP_TOKEN, where one is set: always beyond loopback",
        },
      },
    },
    paths: Object.fromEntries(paths),
  };
}

type Parameter = NonNullable<Route["parameters"]>[string] & { in?: "query" | "header" };

/** Without it a form of another site could post. */
const pageHeader: [string, Parameter] = [
  PAGE_HEADER,
  { means: "1", schema: z.literal("1"), isNeeded: true, in: "header" },
];

function parameterOf([name, { means, schema, isNeeded, in: place = "query" }]: [string, Parameter]) {
  const { $schema: _, ...json } = z.toJSONSchema(schema);
  return { name, in: place, description: means, required: isNeeded === true, schema: json };
}

function jsonContent(schema: z.ZodType) {
  const { $schema: _, ...json } = z.toJSONSchema(schema);
  return { content: { "application/json": { schema: json } } };
}
