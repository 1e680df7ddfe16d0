import { pino } from "pino";
import { expect, it } from "vitest";
import { kafkaConfig } from "./connect.ts";

it.each([
  ["info", false],
  ["debug", true],
])("at level %s the Kafka client's log lines have a stack trace: %s", (level, hasStack) => {
  let text = "";
  const log = pino({ level }, { write: (line) => (text += line) });
  const write = kafkaConfig(["a:1"], "millrace", log, undefined).logCreator!(4);
  const entry = { timestamp: "", logger: "kafkajs", message: "Crash: closed", stack: "Error: closed\n    at x" };
  write({ namespace: "Consumer", level: 1, label: "ERROR", log: entry });
  expect(JSON.parse(text)).toMatchObject({ level: 50, msg: "Crash: closed", kafkajs: "Consumer" });
  expect(text.includes("at x")).toBe(hasStack);
});

it("does not log each try to connect as an error: who wanted the connection says what did not answer", () => {
  let text = "";
  const log = pino({ level: "info" }, { write: (line) => (text += line) });
  const write = kafkaConfig(["a:1"], "millrace", log, undefined).logCreator!(4);
  const entry = { timestamp: "", logger: "kafkajs", message: "Failed to connect to seed broker" };
  write({ namespace: "BrokerPool", level: 1, label: "ERROR", log: entry });
  expect(text).toBe("");
});
