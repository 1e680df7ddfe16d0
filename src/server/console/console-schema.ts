import { z } from "zod";
import { stages } from "../../telemetry/stages.ts";
import { seriesNames } from "./history.ts";

/** What the console's routes answer: checked against these by the tests, and described by them (openapi.ts). */

const count = z.number().min(0);
const byStage = <T extends z.ZodType>(value: T) =>
  z.strictObject(Object.fromEntries(stages.map((name) => [name, value])));
const heatColumn = z.strictObject({
  column: count.describe("Number of the ten seconds"),
  counts: z.array(count).describe("Row of the heat map, records, row, records, …"),
});

export const historySchema = z
  .strictObject({
    sampleMs: count,
    columnSlots: count.describe("Samples in a column of the heat map"),
    firstNumber: count.describe("Number of the first sample here, counted from the start"),
    atMs: z.array(count),
    values: z.strictObject(Object.fromEntries(seriesNames.map((name) => [name, z.array(z.number().nullable())]))),
    p95: byStage(z.array(count.nullable())).describe("Milliseconds, of the ten seconds before each sample"),
    heat: byStage(z.array(heatColumn)),
  })
  .describe("The last 15 minutes, a sample every two seconds; null: not known");

export const rowsSchema = z
  .strictObject({
    columns: z.array(z.strictObject({ name: z.string(), type: z.string() })),
    rows: z.array(z.array(z.string().nullable())).describe("Values as texts; null is NULL"),
    isCut: z.boolean().describe("There is more than the limits let through"),
    seconds: count,
  })
  .describe("An answer of ClickHouse");

const letter = z.looseObject({
  ...{ topic: z.string(), partition: count, offset: count, pipeline: z.string() },
  ...{ errorType: z.string(), errorMessage: z.string(), processedMs: count },
});

export const lettersSchema = z
  .strictObject({
    groups: z.array(z.looseObject({ errorType: z.string(), pipeline: z.string(), count })).optional(),
    letters: z.array(letter).describe("The latest 50, cut"),
  })
  .describe("Dead letters of the last 24 hours");

export const recordSchema = z
  .strictObject({
    letters: z.array(letter.extend({ bytes: count, document: z.string(), replays: z.array(z.looseObject({})) })),
  })
  .describe("The dead letters of one record, whole: each pipeline and group that reads it may have one");

export const partsSchema = z
  .strictObject({ tables: z.array(z.strictObject({ table: z.string(), parts: count, rows: count, bytes: count })) })
  .describe("Active parts of the tables that are written into");

export const limitsSchema = z
  .strictObject({ seconds: count, memoryBytes: count, rows: count, bytes: count, cellChars: count })
  .describe("What a query may take at most");

export const sqlSchema = z.strictObject({ sql: z.string().describe("One statement that reads") });
export const loginSchema = z.strictObject({ token: z.string() });
export const loggedInSchema = z.strictObject({ status: z.literal("logged in") });
