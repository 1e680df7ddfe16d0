import { expect } from "vitest";
import { z } from "zod";

interface Document {
  openapi: string;
  paths: Record<string, { get?: Operation }>;
}

interface Operation {
  parameters: { required: boolean }[];
  responses: Record<string, { content: Record<string, { schema: object }> }>;
}

type Ask = (path: string) => Response | Promise<Response>;

/**
 * Asks every route that the OpenAPI document names and that needs no parameter, and checks status, type and JSON of the answer against it. Returns the
 * statuses by path.
 *
 * @param readable where the document can be read, if `ask` may not
 */
export async function checkAnswers(ask: Ask, readable?: { request: Ask }): Promise<Record<string, number>> {
  const readDocument = readable === undefined ? ask : (path: string) => readable.request(path);
  const document = (await (await readDocument("/api/openapi.json")).json()) as Document;
  expect(document.openapi).toBe("3.1.0");
  const statuses: Record<string, number> = {};
  for (const [path, { get }] of Object.entries(document.paths)) {
    if (get === undefined || get.parameters.some(({ required }) => required)) continue;
    const answer = await ask(path);
    statuses[path] = answer.status;
    const described = get.responses[answer.status];
    expect(described, `${path} answers ${answer.status}`).toBeDefined();
    const type = answer.headers.get("content-type")!.split(";")[0]!;
    const schema = described!.content[type]?.schema;
    expect(schema, `${path} answers ${type}`).toBeDefined();
    if (type === "application/json")
      z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema).parse(await answer.json());
    else await answer.body?.cancel();
  }
  return statuses;
}
