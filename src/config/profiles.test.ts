import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  measuredBudgets,
  parseProfilesFile,
  profileFor,
  profileNames,
  profilesHelp,
  readProfiles,
} from "./profiles.ts";

const committed = readProfiles(2);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-profiles-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the committed profiles", () => {
  it("are there for one and two vCPUs, and valid", () => {
    expect(measuredBudgets()).toEqual(expect.arrayContaining([1, 2]));
    for (const vcpus of measuredBudgets()) {
      for (const name of profileNames) {
        const profile = profileFor(name, vcpus);
        expect(profile.origin).toContain(`profile ${name} for ${vcpus} vCPU`);
        expect(profile.origin).not.toContain("extrapolated");
        // A range that is larger than the whole budget could never be collected.
        expect(profile.flushBytes).toBeLessThan(profile.bytesMax);
      }
    }
  });
});

describe("profileFor()", () => {
  it("scales what runs at once to a budget that was not measured, and says from which one", () => {
    const measured = profileFor("high", 2);
    const scaled = profileFor("high", 8);
    expect(scaled).toMatchObject({
      workers: measured.workers * 4,
      insertsMax: measured.insertsMax * 4,
      bytesMax: measured.bytesMax * 4,
      flushRows: measured.flushRows,
      flushBytes: measured.flushBytes,
      flushIntervalMs: measured.flushIntervalMs,
    });
    expect(scaled.origin).toContain("profile high for 8 vCPUs: not measured, extrapolated from 2 vCPUs");
    expect(scaled.origin).toContain("× 4");
  });

  it("falls back on the smallest measured budget when none is below", () => {
    writeFileSync(join(folder, "4.json"), JSON.stringify({ ...committed, vcpus: 4 }));
    const profile = profileFor("high", 1, folder);
    expect(profile.origin).toContain("extrapolated from 4 vCPUs");
    expect(profile.workers).toBe(Math.max(1, Math.round(committed.profiles.high.workers / 4)));
  });

  it("refuses an unknown name", () => {
    expect(() => profileFor("fast", 2)).toThrow("--profile fast: must be one of low, mid, high");
  });
});

describe("readProfiles()", () => {
  it("names the file, the key, the value and the bound of what is wrong", () => {
    const spoiled = structuredClone(committed) as unknown as { profiles: { mid: Record<string, unknown> } };
    spoiled.profiles.mid.flushRows = 0;
    spoiled.profiles.mid.insertFormat = "parquet";
    spoiled.profiles.mid.flushMs = 5;
    delete spoiled.profiles.mid.workers;
    const refused = () => parseProfilesFile(spoiled, "ops/profiles/2.json");
    expect(refused).toThrow(/ops\/profiles\/2\.json: profiles\.mid\.flushRows is 0: .*>=1/);
    expect(refused).toThrow(/profiles\.mid\.insertFormat is "parquet": .*"rowbinary"/);
    expect(refused).toThrow(/profiles\.mid\.workers is missing/);
    expect(refused).toThrow(/flushMs/);
  });

  it("refuses a file that is not JSON, and one under another budget's name", () => {
    writeFileSync(join(folder, "1.json"), "{");
    expect(() => readProfiles(1, folder)).toThrow(/1\.json: cannot be read as JSON/);
    writeFileSync(join(folder, "3.json"), JSON.stringify({ ...committed, vcpus: 2 }));
    expect(() => readProfiles(3, folder)).toThrow(/3\.json: vcpus is 2: must be 3/);
  });

  it("says how to get profiles when the folder holds none", () => {
    const empty = mkdtempSync(join(tmpdir(), "millrace-profiles-"));
    expect(() => profileFor("mid", 2, empty)).toThrow("npm run bench:tune");
    rmSync(empty, { recursive: true });
  });
});

describe("profilesHelp()", () => {
  it("names the budgets with a file and the rule for the others, and comes even without profiles", () => {
    expect(profilesHelp()).toMatch(/1 vCPU \(.+\) and 2 vCPUs \(.+\)\. Another budget is extrapolated/);
    expect(profilesHelp(join(folder, "absent"))).toContain("cannot be read");
  });
});
