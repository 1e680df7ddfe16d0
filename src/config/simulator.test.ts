import { expect, test } from "vitest";
import { completeSimulatorOptions } from "./simulator.ts";
import { readSimulatorEnvironment } from "./simulator-environment.ts";
import {
  parseSimulatorProfile,
  parseSimulatorRoutes,
  readSimulatorProfile,
  readSimulatorRoutes,
} from "./simulator-files.ts";

test("the files that come with Millrace are the load of the replaced system", () => {
  const profile = readSimulatorProfile();
  expect(profile).toMatchObject({
    eventsPerSecond: 5_000,
    mix: { auth: 0.5, order: 0.3, payment: 0.2 },
    errorRate: { auth: 0.003, order: 0.002, payment: 0.004 },
    emitForGetRoutes: false,
    emitOnFail: true,
    ignoredKeys: [],
  });
  const routes = readSimulatorRoutes();
  expect(Object.entries(routes).map(([service, list]) => [service, list.length])).toEqual([
    ["auth", 4],
    ["order", 4],
    ["payment", 4],
  ]);
});

test("a profile in the replaced system's form is accepted, unknown keys and time weights included", () => {
  const text = `
eps: 10000
mix: { auth: 0.34, order: 0.33, payment: 0.33 }
time_weights:
  - { range: "0-5", weight: [0.25, 0.45] }
  - { range: "19-23", weight: [0.70, 1.00] }
error_rate:
  auth: 0.003
domain_event_policy: { emit_for_get_routes: true, emit_on_fail: true }
funnel: { order_created_to_payment_create_rate: 0.75 }
seed: 42
`;
  expect(parseSimulatorProfile(text, "p.yml")).toEqual({
    eventsPerSecond: 10_000,
    mix: { auth: 0.34, order: 0.33, payment: 0.33 },
    errorRate: { auth: 0.003, order: 0.01, payment: 0.01 },
    emitForGetRoutes: true,
    emitOnFail: true,
    seed: 42,
    timeWeights: [
      { fromHour: 0, toHour: 5, min: 0.25, max: 0.45 },
      { fromHour: 19, toHour: 23, min: 0.7, max: 1 },
    ],
    ignoredKeys: ["funnel"],
  });
});

test("routes without methods, weight or api_group get the defaults", () => {
  const routes = parseSimulatorRoutes("routes: { ship: [{ path: /ship }] }", "r.yml");
  expect(routes).toEqual({
    ship: [{ path: "/ship", methods: ["GET"], weight: 1, apiGroup: undefined, domainEvents: null }],
  });
});

test.each([
  ["mix: { auth: 1 }\neps: -5", /^p\.yml: eps is -5: /],
  ["eps: 10", /^p\.yml: mix is missing: /],
  ["mix: { auth: 0 }", /mix must give at least one service/],
  ["mix: { auth: much }", /^p\.yml: mix\.auth is "much": /],
  ["mix: { auth: 1 }\nerror_rate: { auth: 2 }", /^p\.yml: error_rate.* is /],
  [
    'mix: { auth: 1 }\ntime_weights: [{ range: "5", weight: [0, 1] }]',
    /time_weights\.0\.range is "5": must be two hours/,
  ],
  ['mix: { auth: 1 }\ntime_weights: [{ range: "22-3", weight: [0, 1] }]', /range is "22-3": must rise/],
  ['mix: { auth: 1 }\ntime_weights: [{ range: "1-3", weight: [1, 0] }]', /weight is \[1, 0\]/],
  ["mix: { auth: [", /^p\.yml:1:\d+: not valid YAML/],
])("a wrong profile is refused with file, key and value: %s", (text, message) => {
  expect(() => parseSimulatorProfile(text, "p.yml")).toThrow(message);
});

test("a wrong route is refused with its place", () => {
  const text = "routes: { auth: [{ path: /a, domain_events: { success: x } }] }";
  expect(() => parseSimulatorRoutes(text, "r.yml")).toThrow(/^r\.yml: routes\.auth\.0\.domain_events\.fail is missing/);
  expect(() => readSimulatorRoutes("/nowhere/routes.yml")).toThrow(/\/nowhere\/routes\.yml: cannot be read/);
});

test("the replaced system's variables set the options", () => {
  const { options, withoutEffect } = readSimulatorEnvironment({
    KAFKA_BOOTSTRAP: "a:1, b:2",
    SIM_EVENT_MODE: "ALL",
    TARGET_INTERVAL_SEC: "0.38",
    QUEUE_SIZE: "4000",
    PRODUCER_QUEUE_MAX_MESSAGES: "2000000",
    PRODUCER_ACKS: "0",
    PRODUCER_ENABLE_IDEMPOTENCE: "false",
    PRODUCER_COMPRESSION: "none",
    PRODUCER_LINGER_MS: "20",
    SIM_DRAIN_TIMEOUT_SEC: "5",
    LOG_BATCH_SIZE: "1000",
    UNRELATED: "x",
  });
  expect(options).toEqual({
    brokers: ["a:1", "b:2"],
    mode: "all",
    tickIntervalMs: 380,
    queueEventsMax: 4_000,
    acks: "0",
    idempotence: false,
    compression: "none",
    lingerMs: 20,
    drainTimeoutMs: 5_000,
  });
  expect(withoutEffect).toEqual(["LOG_BATCH_SIZE"]);
  expect(() => readSimulatorEnvironment({ PRODUCER_ACKS: "2" })).toThrow(
    'PRODUCER_ACKS is "2": must be one of all, 1, 0',
  );
  expect(() => readSimulatorEnvironment({ QUEUE_SIZE: "many" })).toThrow('QUEUE_SIZE is "many": must be a number');
});

test("options are checked alone and in pairs", () => {
  const brokers = ["a:1"];
  expect(completeSimulatorOptions({ brokers })).toMatchObject({ acks: "all", idempotence: true, compression: "lz4" });
  expect(completeSimulatorOptions({ brokers, acks: "0" }).idempotence).toBe(false);
  expect(completeSimulatorOptions({ brokers, eventsPerSecond: undefined, lingerMs: undefined }).lingerMs).toBe(10);
  expect(() => completeSimulatorOptions({ brokers, acks: "1", idempotence: true })).toThrow(
    /idempotence needs acks=all/,
  );
  expect(() => completeSimulatorOptions({ brokers, badRate: 1.5 })).toThrow("badRate is 1.5: must be from 0 to 1");
  expect(() => completeSimulatorOptions({ brokers, eventsPerSecond: 0 })).toThrow(/eventsPerSecond is 0/);
  expect(() => completeSimulatorOptions({ brokers, resumeRatio: 0.95 })).toThrow(/resume ratio/);
  expect(() => completeSimulatorOptions({ brokers, timezone: "Mars/Base" })).toThrow(/Mars\/Base/);
});
