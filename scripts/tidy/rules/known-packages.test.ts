import { describe, expect, it } from "vitest";
import { said } from "../testing/planted.ts";

describe("known-packages", () => {
  it.each([
    ["src/core", "/src/run/run.ts", 'import "/src/run/run.ts";'],
    ["src/core", "file:///src/run/run.ts", 'import "file:///src/run/run.ts";'],
    ["src/core", "millrace/src/run/run.ts", 'await import("millrace/src/run/run.ts");'],
    ["src/core", "#run", 'import type { Run } from "#run";'],
    ["src/core", "./redact.ts?1", 'import "./redact.ts?1";'],
    ["src/core", "./redact.ts#1", 'new URL("./redact.ts#1", import.meta.url);'],
    ["src/run", "zlib", 'import "zlib";'],
    ["src/run", "@clickhouse/client-web", 'import { createClient } from "@clickhouse/client-web";'],
    ["src/run", "npm:pino", 'import "npm:pino";'],
    ["src/run", "fast-check", 'require("fast-check");'],
    ["bench", "mitata", 'import "mitata";'],
  ])("finds in %s what is no path, no module of Node and no package here: %s", (folder, specifier, text) => {
    const name = `${folder}/planted.ts`;
    expect(said("known-packages", name, text)).toEqual([
      `${name}:1: imports ${specifier}, which is no path from here, no node: module and no package of package.json`,
    ]);
  });

  it("lets packages be, with a path in them, and those for tests in tests and benches", () => {
    expect(said("known-packages", "src/run/planted.ts", 'import "node:fs"; import "kafkajs/index.js";')).toEqual([]);
    for (const name of ["src/run/planted.test.ts", "src/testing/planted.ts", "bench/planted.ts"])
      expect(said("known-packages", name, 'import "fast-check";')).toEqual([]);
  });
});
