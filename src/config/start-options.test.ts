import { describe, expect, it } from "vitest";
import { defaultTranscoder } from "../core/transcoding.ts";
import { parseStartArguments, type StartArguments } from "./start-options.ts";

const typed: StartArguments = {
  profile: "mid",
  transcoder: "reference",
  insertFormat: "rowbinary",
  from: "earliest",
  simulator: true,
  pipelines: "ops/pipelines",
};

describe("parseStartArguments()", () => {
  it("runs the built-in pipelines with the simulator when nothing is named", () => {
    const options = parseStartArguments({ ...typed, vcpus: "2" }, { areEmbedded: true });
    expect(options).toMatchObject({
      pipelineNames: ["events", "dead-letters"],
      groupId: "millrace.events",
      simulator: true,
      makesTopics: true,
    });
  });

  it("deletes data of the embedded servers alone", () => {
    expect(parseStartArguments({ ...typed, fresh: true }, { areEmbedded: true }).fresh).toBe(true);
    expect(() => parseStartArguments({ ...typed, fresh: true })).toThrow("cannot be used with servers that are named");
  });

  it("builds the dimensions of the built-in pipeline alone: in the demo, else when it is told to", () => {
    const every = (more: StartArguments, areEmbedded = false) =>
      parseStartArguments({ ...typed, ...more }, { areEmbedded }).dimsRefreshMs;
    expect([every({}, true), every({}), every({ dimsRefresh: "24h" })]).toEqual([600_000, undefined, 86_400_000]);
    expect([every({ dimsRefresh: "0" }, true), every({ pipeline: ["p0"] }, true)]).toEqual([undefined, undefined]);
    expect(() => every({ dimsRefresh: "1h", pipeline: ["p0"] })).toThrow("of the built-in pipeline events");
    expect(() => every({ dimsRefresh: "1s" })).toThrow("--dims-refresh 1s: must be from 1m to 24d, or 0");
  });

  it("names the group after the pipelines, in whatever order they are named", () => {
    const groupOf = (...pipeline: string[]) => parseStartArguments({ ...typed, pipeline }).groupId;
    expect([groupOf("p3", "p0"), groupOf("p0", "p3"), groupOf("p0")]).toEqual([
      "millrace.p0+p3",
      "millrace.p0+p3",
      "millrace.p0",
    ]);
    expect([groupOf("dead-letters", "events"), groupOf("events")]).toEqual(["millrace.events", "millrace.events"]);
    expect(groupOf("dead-letters")).toBe("millrace.dead-letters");
  });

  it("passes transcoder and insert format on", () => {
    const options = parseStartArguments({ ...typed, transcoder: "kernel", insertFormat: "native" });
    expect(options).toMatchObject({ transcoder: "kernel", insertFormat: "native" });
  });

  it("makes no events for other topics, nor while it waits for an end", () => {
    const direct = parseStartArguments({ ...typed, topic: ["dns"], table: "net.dns" });
    expect(direct).toMatchObject({
      simulator: false,
      groupId: "millrace.net.dns",
      direct: { topics: ["dns"], table: "net.dns" },
    });
    expect(parseStartArguments({ ...typed, untilEnd: true }, { areEmbedded: true }).simulator).toBe(false);
  });

  it("makes neither events nor topics in servers that somebody named, unless it is told to", () => {
    expect(parseStartArguments(typed)).toMatchObject({ simulator: false, makesTopics: false });
    expect(parseStartArguments({ ...typed, simulate: true })).toMatchObject({ simulator: true, makesTopics: true });
    const dns = { ...typed, simulate: true, topic: ["dns"], table: "net.dns" };
    expect(() => parseStartArguments(dns)).toThrow("--simulate makes events for the built-in pipeline");
  });

  it("takes transcoder and insert format from the profile, unless they are typed", () => {
    const { transcoder: _, insertFormat: __, ...rest } = typed;
    const options = parseStartArguments({ ...rest, vcpus: "2" });
    expect(options.insertFormat).toBe(options.profile.insertFormat);
    expect(options.transcoder).toBe(options.profile.transcoder ?? defaultTranscoder);
    const other = { transcoder: "kernel", insertFormat: "native" };
    expect(parseStartArguments({ ...rest, ...other, vcpus: "2" })).toMatchObject(other);
  });

  it("opens a port for the demo, beside servers that are named only when asked, and moves only one of its own choice", () => {
    const httpOf = (change: Partial<StartArguments>, areEmbedded: boolean) =>
      parseStartArguments({ ...typed, ...change }, { areEmbedded }).http;
    const demo = { port: 8_080, address: "127.0.0.1", mayMove: true };
    expect(httpOf({}, true)).toEqual(demo);
    expect(httpOf({}, false)).toBeUndefined();
    expect(httpOf({ http: false }, true)).toBeUndefined();
    expect(httpOf({ port: "0" }, false)).toEqual({ ...demo, port: 0, mayMove: false });
    expect(httpOf({ port: "9100" }, true)).toEqual({ ...demo, port: 9_100, mayMove: false });
    expect(httpOf({ listen: "::1" }, false)).toEqual({ ...demo, address: "::1", mayMove: false });
  });

  it.each<[Partial<StartArguments>, string]>([
    [{ http: false, port: "1" }, "--no-http opens no port, and --port names one"],
    [{ http: false, listen: "::1" }, "--no-http opens no port, and --listen names one"],
    [{ port: "65536" }, "--port 65536: must be a whole number from 0 to 65535"],
    [{ topic: ["dns"] }, "--topic and --table go together"],
    [{ table: "net.dns" }, "--topic and --table go together"],
    [{ topic: ["dns"], table: "net.dns", pipeline: ["events"] }, "--pipeline names its topics and table itself"],
    [{ topic: ["dns"], table: "dns; DROP TABLE x" }, "--table dns; DROP TABLE x: must be database.table"],
    [{ topic: ["dns"], table: "net.odd-name" }, "must be database.table, of letters, digits and _"],
    [{ topic: ["dns", "odd/x"], table: "net.dns" }, "--topic odd/x: a topic's name has letters, digits"],
    [{ from: "middle" }, "--from middle: must be earliest or latest"],
    [{ vcpus: "0" }, "--vcpus 0: must be a whole number from 1 to 64"],
    [{ eps: "-5" }, "--eps -5: must be from 0.001 to 10000000"],
    [{ fence: "5ms" }, "--fence 5ms: must be from 500ms to 10m"],
    [{ survive: "32d" }, "--survive 32d: must be from 1m to 31d"],
    [{ seed: "x" }, "--seed x: must be a whole number from 0 to 9007199254740991"],
    [{ seed: "1.5" }, "--seed 1.5: must be a whole number"],
    [{ seed: "9007199254740993" }, "--seed 9007199254740993: must be a whole number"],
    [{ duration: "25d" }, "--duration 25d: must be from 1ms to 24d"],
    [{ group: "" }, '--group "": must not be empty'],
    [{ group: " " }, '--group " ": must not be empty'],
    [{ pipeline: ["events", ""] }, '--pipeline "": must not be empty'],
    [{ deadLetterTopic: "" }, '--dead-letter-topic "": a topic\'s name has'],
    [{ deadLetterTopic: "a b" }, "--dead-letter-topic a b: a topic's name has"],
    [{ pipelines: "/nosuch" }, "--pipelines /nosuch: cannot be read: there is no such folder"],
    [{ pipelines: "package.json" }, "--pipelines package.json: cannot be read: it is a file"],
    [{ pipelines: "" }, '--pipelines "": cannot be read'],
    [{ simulate: true, simulator: false }, "--simulate and --no-simulator contradict each other"],
    [{ untilEnd: true, duration: "5s" }, "--until-end and --duration each say when the run ends"],
    [{ badRate: "1.5" }, "--bad-rate 1.5: must be from 0 to 1"],
    [{ compression: "lzma" }, "--compression lzma: must be one of none, gzip, snappy, lz4, zstd"],
    [{ duration: "20" }, "--duration 20: must be a number with a unit"],
    [{ transcoder: "fast" }, "--transcoder fast: must be reference or kernel"],
    [{ insertFormat: "Native" }, "--insert-format Native: must be rowbinary or native"],
    [{ profile: "max" }, "--profile max: must be one of low, mid, high"],
  ])("refuses %j", (change, message) => {
    expect(() => parseStartArguments({ ...typed, ...change })).toThrow(message);
  });
});
