import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockDirectory } from "./directory-lock.ts";
import { findRunning, portsToTake, writeRunFile } from "./run-file.ts";

const servers = { kafkaBroker: "127.0.0.1:4001", clickHouseUrl: "http://127.0.0.1:4002" };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-run-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("findRunning()", () => {
  it("finds the servers while their folder is held, and not after", () => {
    expect(findRunning(folder)).toBeUndefined();
    const release = lockDirectory(folder);
    expect(findRunning(folder)).toBeUndefined();
    writeRunFile(folder, servers);
    expect(findRunning(folder)).toEqual(servers);
    writeRunFile(folder, { ...servers, httpUrl: "http://127.0.0.1:4003" });
    expect(findRunning(folder)).toEqual({ ...servers, httpUrl: "http://127.0.0.1:4003" });
    release();
    expect(findRunning(folder)).toBeUndefined();
  });

  it("does not take a killed run, or its successor that has no servers yet, for running ones", () => {
    writeRunFile(folder, servers);
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    writeFileSync(join(folder, "lock"), `${pid} 1\n`);
    expect(findRunning(folder)).toBeUndefined();
    writeFileSync(join(folder, "lock"), `${process.ppid} -\n`);
    expect(findRunning(folder)).toBeUndefined();
  });
});

describe("portsToTake()", () => {
  it("keeps the ports of the last run, and chooses anew when its file is damaged", () => {
    const first = portsToTake(folder);
    writeRunFile(folder, servers);
    expect(portsToTake(folder)).toEqual({ kafka: 4001, clickhouse: 4002 });
    writeFileSync(join(folder, "servers.json"), '{"pid":1,"kafkaBroker":"x"}');
    expect(portsToTake(folder)).toEqual(first);
  });
});
