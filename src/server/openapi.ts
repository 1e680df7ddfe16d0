import { z } from "zod";
import { healthSchema, readySchema, refusalSchema, statusSchema } from "./status-schema.ts";

interface Answer {
  description: string;
  schema?: z.ZodType;
}

interface Route {
  summary: string;
  /** Answered to everybody, and without a token in fewer words. */
  isOpen?: true;
  answers: Record<number, Answer>;
}

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
};

const otherContent: Record<string, unknown> = {
  "/metrics": { "text/plain": { schema: { type: "string" } } },
  "/api/openapi.json": { "application/json": { schema: { type: "object" } } },
};

/** OpenAPI 3.1, whose schemas are those by which the tests check the answers. */
export function openApiDocument(version: string): Record<string, unknown> {
  const refused = { description: "No token, or a wrong one", ...jsonContent(refusalSchema) };
  const paths = Object.entries(routes).map(([path, { summary, isOpen, answers }]) => {
    const responses = Object.entries(answers).map(([status, { description, schema }]) => {
      const content = schema === undefined ? { content: otherContent[path] } : jsonContent(schema);
      return [status, { description, ...content }];
    });
    const refusals = isOpen === true ? {} : { 401: refused };
    const security = isOpen === true ? [] : [{ token: [] }];
    return [path, { get: { summary, security, responses: { ...Object.fromEntries(responses), ...refusals } } }];
  });
  return {
    openapi: "3.1.0",
    info: {
      title: "Millrace",
      version,
      description: "The ingester's metrics, probes and state. All of it only reads.",
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

function jsonContent(schema: z.ZodType) {
  const { $schema: _, ...json } = z.toJSONSchema(schema);
  return { content: { "application/json": { schema: json } } };
}
