import { createRequire } from "node:module";
import * as kafkajs from "kafkajs";
import { describe, expect, it } from "vitest";
import { classifyKafkaError, kafkaErrors } from "./classify-error.ts";

/** The client's own lists, which it does not export. */
const require = createRequire(import.meta.url);
const protocol: { errorCodes: { type: string; code: number }[]; createErrorFromCode(code: number): Error } =
  require("kafkajs/src/protocol/error.js");
const createRetry: (
  options: object,
) => <T>(work: () => Promise<T>) => Promise<T> = require("kafkajs/src/retry/index.js");
const clientErrors: Record<string, unknown> = require("kafkajs/src/errors.js");

describe("classifyKafkaError()", () => {
  it.each([
    [27, "rejoin"],
    [25, "rejoin"],
    [22, "rejoin"],
    [1, "reset"],
    [3, "retry"],
    [12, "fatal"],
    [29, "fatal"],
    [58, "fatal"],
    [6, "retry"],
    [16, "retry"],
    [7, "retry"],
  ])("protocol error %i: %s", (code, expected) => {
    expect(classifyKafkaError(protocol.createErrorFromCode(code)).class).toBe(expected);
  });

  it("looks for the reason of a request that was given up", () => {
    const cause = protocol.createErrorFromCode(30);
    const error = new kafkajs.KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 5, retryTime: 1 });
    expect(classifyKafkaError(error)).toMatchObject({ class: "fatal", name: "GROUP_AUTHORIZATION_FAILED" });
    const closed = new kafkajs.KafkaJSConnectionError("reset", { broker: "b", code: "ECONNRESET" });
    expect(classifyKafkaError(new Error("outer", { cause: closed })).class).toBe("retry");
  });

  it("retries what it does not know, whatever the client says of its own request", () => {
    expect(classifyKafkaError(new Error("?")).class).toBe("retry");
    expect(classifyKafkaError(undefined).class).toBe("retry");
    expect(classifyKafkaError(new kafkajs.KafkaJSNonRetriableError("?")).class).toBe("retry");
  });

  it.each([27, 25, 16, 22, 15])("does not end the process when kafkajs gives up a join: error %i", async (code) => {
    const retry = { retries: 2, initialRetryTime: 1 };
    // As in kafkajs' joinAndSync: its wrapper takes the type away.
    const join = createRetry(retry)(async () => {
      throw new kafkajs.KafkaJSError(protocol.createErrorFromCode(code));
    });
    const given = await createRetry(retry)(() => join).catch((error: unknown) => error);
    expect(given).toMatchObject({ name: expect.stringMatching(/^KafkaJSN/), retriable: false });
    expect(classifyKafkaError(given).class).not.toBe("fatal");
  });

  it("knows only names that the client has, each once, and a remedy for whatever stops", () => {
    const types = protocol.errorCodes.map(({ type }) => type);
    const names = [...types, ...Object.keys(clientErrors)];
    for (const { name } of kafkaErrors) expect(names).toContain(name);
    expect(new Set(kafkaErrors.map(({ name }) => name)).size).toBe(kafkaErrors.length);
    for (const { class: errorClass, remedy } of kafkaErrors) if (errorClass === "fatal") expect(remedy).not.toBe("");
  });
});
