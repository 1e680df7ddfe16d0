import { expect, it } from "vitest";
import { answeringMs, noteAnswer, type ServerAnswers, SILENT_MS } from "./run-watch.ts";

it("knows how long a server has been answering, also after a silence in which nothing failed", () => {
  const answers: ServerAnswers = { lastMs: 0, error: undefined, backMs: 0 };
  for (let nowMs = 1_000; nowMs <= 300_000; nowMs += 1_000) noteAnswer(answers, nowMs);
  expect(answeringMs(answers, 300_500)).toBe(300_500);
  // One request that takes as long as the outage.
  expect(answeringMs(answers, 300_000 + SILENT_MS + 1)).toBe(0);
  expect(answeringMs(answers, 500_000)).toBe(0);
  noteAnswer(answers, 500_000);
  expect(answeringMs(answers, 502_000)).toBe(2_000);
});

it("takes a single error for no break", () => {
  const answers: ServerAnswers = { lastMs: 10_000, error: "reset", backMs: 0 };
  noteAnswer(answers, 12_000);
  expect(answers).toEqual({ lastMs: 12_000, error: undefined, backMs: 0 });
});
