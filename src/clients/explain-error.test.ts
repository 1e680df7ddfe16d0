import { expect, it } from "vitest";
import { ForeignAnswer } from "./clickhouse/answer.ts";
import { explainError, withoutWebPage } from "./explain-error.ts";

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
    /no ClickHouse but a web/,
  ],
  [
    "the native port",
    new Error("Port 9000 is for clickhouse-client program"),
    /does not speak HTTP; check CLICKHOUSE_URL/,
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
