import { ClickHouseError } from "@clickhouse/client";
import { expect, it } from "vitest";
import { ForeignAnswer } from "../clients/clickhouse/answer.ts";
import { withoutWebPage } from "../clients/clickhouse/explain-error.ts";
import { explainError } from "./explain-error.ts";

const page = "<!DOCTYPE html><html><head><title>Welcome!</title></head><body></body></html>";

it.each<[what: string, error: Error, words: RegExp]>([
  [
    "an answer that the sink has judged",
    new ForeignAnswer(200, page),
    /not ClickHouse's: HTTP 200 Welcome!; check CLICK/,
  ],
  ["a page that the client has thrown", new Error(page), /a web server \("Welcome!"\); check CLICKHOUSE_URL/],
  [
    "a page for JSON",
    new SyntaxError("Unexpected token '<', \"<!DOCTYPE \"... is not JSON"),
    /not ClickHouse but a web/,
  ],
  [
    "the native port",
    new Error("Port 9000 is for clickhouse-client program"),
    /does not speak HTTP; check CLICKHOUSE_URL/,
  ],
  [
    "a ClickHouse user who may not come from here",
    new ClickHouseError({ code: "195", type: "IP_ADDRESS_NOT_ALLOWED", message: "IP address not allowed" }),
    /refused the login: allow this machine's address/,
  ],
  [
    "a missing right",
    new ClickHouseError({ code: "497", type: "ACCESS_DENIED", message: "Not enough privileges" }),
    /lacks a right; sql\/access/,
  ],
  [
    "a refused login of Kafka",
    Object.assign(new Error("no"), { name: "KafkaJSSASLAuthenticationError" }),
    /Kafka refused the login: check KAFKA_SASL_MECHANISM/,
  ],
  [
    "a topic that may not be read",
    Object.assign(new Error("no"), { type: "TOPIC_AUTHORIZATION_FAILED" }),
    /Kafka: the user lacks a right/,
  ],
  [
    "a host without a way to it",
    Object.assign(new Error("connect EHOSTUNREACH 10.0.0.1:9092"), { code: "EHOSTUNREACH" }),
    /Cannot connect: .*Check KAFKA_BROKERS/,
  ],
  [
    "a folder",
    Object.assign(new Error("EACCES"), { code: "EACCES", syscall: "mkdir", path: "/x" }),
    /^Cannot mkdir \/x: /,
  ],
])("explains %s", (_, error, words) => {
  expect(explainError(error)).toMatch(words);
  expect(explainError(new Error("while asking", { cause: error }))).toMatch(words);
});

it("shows no web page", () => {
  expect(withoutWebPage(`Cannot read the history: ${page}`)).toBe("Cannot read the history: a web page");
});
