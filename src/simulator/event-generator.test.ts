import { expect, test } from "vitest";
import { readSimulatorProfile, readSimulatorRoutes } from "../config/simulator-files.ts";
import { type BadKind, badKinds } from "../config/simulator-words.ts";
import { EventGenerator, type EventGeneratorOptions } from "./event-generator.ts";

const profile = readSimulatorProfile();
const routes = readSimulatorRoutes();
const timeMs = 1_795_257_731_638;

function open(options: Partial<EventGeneratorOptions> = {}): EventGenerator {
  return new EventGenerator({
    profile,
    routes,
    mode: "domain",
    seed: 7,
    eventId: "random",
    badRate: 0,
    badKinds,
    ...options,
  });
}

interface Made {
  text: string;
  topic: string;
  service: string;
  isFailure: boolean;
  badKind: BadKind | undefined;
  length: number;
}

function make(generator: EventGenerator, count: number, time = timeMs): Made[] {
  return Array.from({ length: count }, () => {
    generator.next(time);
    const { topic, service, isFailure, badKind, length } = generator;
    return {
      text: generator.bytes.toString("utf8", 0, Math.max(0, length)),
      topic,
      service,
      isFailure,
      badKind,
      length,
    };
  });
}

function documents(made: Made[]): Record<string, unknown>[] {
  return made.map(({ text }) => JSON.parse(text));
}

function share<T>(items: T[], matches: (item: T) => boolean): number {
  return items.filter(matches).length / items.length;
}

test("the same seed makes the same documents, apart from their times", () => {
  // A truncated document may end inside its time.
  const kinds = badKinds.filter((kind) => kind !== "truncated");
  const options = { mode: "all", badRate: 0.1, badKinds: kinds } as const;
  const first = make(open(options), 3_000, 1_111_111_111_111);
  const second = make(open(options), 3_000, 2_222_222_222_222);
  const withoutTimes = (made: Made[]) =>
    made.map((entry) => ({ ...entry, text: entry.text.replaceAll(/1{13}|2{13}/g, "T") }));
  expect(withoutTimes(second)).toEqual(withoutTimes(first));
  expect(make(open({ ...options, seed: 8 }), 10).map(({ text }) => text)).not.toEqual(first.slice(0, 10));
});

test("domain events have the fields of the replaced system, and no status, method or duration", () => {
  const made = documents(make(open(), 5_000));
  for (const event of made) {
    expect(event).toMatchObject({ ts_ms: timeMs, domain: event.service });
    expect(event.event_id).toMatch(/^evt_[0-9a-f]{32}$/);
    expect(event.request_id).toMatch(/^req_[0-9a-f]{12}$/);
    expect(event.user_id).toMatch(/^[0-9a-f]{8}$/);
    expect(event.result).toMatch(/^(success|fail)$/);
    expect(event).not.toHaveProperty("status_code");
    expect(event).not.toHaveProperty("method");
    expect(event).not.toHaveProperty("duration_ms");
    expect("reason_code" in event).toBe(event.result === "fail");
  }
  const payment = made.find(({ service }) => service === "payment")!;
  expect(payment.order_id).toMatch(/^o_[0-9a-f]{12}$/);
  expect(payment.payment_id).toMatch(/^p_[0-9a-f]{12}$/);
  expect(payment.amount).toSatisfy(
    (amount: number) => Number.isInteger(amount) && amount >= 1_000 && amount <= 500_000,
  );
  const order = made.find(({ service }) => service === "order")!;
  expect(order.product_id).toSatisfy((id: number) => id >= 100_000 && id <= 999_999);
  expect(new Set(made.map(({ event_id }) => event_id)).size).toBe(made.length);
});

test("http events have a status, a method and a duration, and no result", () => {
  for (const event of documents(make(open({ mode: "http" }), 5_000))) {
    expect(event).toMatchObject({ event_name: "http_request_completed", domain: "http", timestamp_ms: timeMs });
    expect(event.method).toMatch(/^(GET|POST)$/);
    expect(event.duration_ms).toSatisfy((duration: number) => duration >= 5 && duration <= 300);
    expect([200, 201, 204, 400, 401, 402, 403, 408, 409, 422, 429, 500]).toContain(event.status_code);
    expect(event).not.toHaveProperty("result");
  }
});

test("in mode all the domain event follows the http event of its request", () => {
  const made = documents(make(open({ mode: "all" }), 5_000));
  const domainEvents = made.flatMap((event, index) =>
    event.domain === "http" ? [] : [{ event, before: made[index - 1]! }],
  );
  expect(domainEvents.length).toBeGreaterThan(1_000);
  for (const { event, before } of domainEvents) {
    expect(before.domain).toBe("http");
    expect(event.request_id).toBe(before.request_id);
    expect(event.user_id).toBe(before.user_id);
  }
});

test.each(["domain", "http", "all"] as const)("in mode %s the events come in the proportions of the mix", (mode) => {
  const made = make(open({ mode }), 100_000);
  // Three standard deviations of a share near one half are 0.005 here; requests with two events widen that a little.
  expect(Math.abs(share(made, ({ service }) => service === "auth") - 0.5)).toBeLessThan(0.008);
  expect(Math.abs(share(made, ({ service }) => service === "order") - 0.3)).toBeLessThan(0.008);
  expect(Math.abs(share(made, ({ service }) => service === "payment") - 0.2)).toBeLessThan(0.008);
});

test("events per request follow from the routes: order leaves domain events for 4 of 10 requests", () => {
  const ofService = (mode: "domain" | "http" | "all") =>
    Object.fromEntries(open({ mode }).catalogue.services.map((entry) => [entry.service, entry.eventsPerRequest]));
  expect(ofService("http")).toEqual({ auth: 1, order: 1, payment: 1 });
  expect(ofService("domain").order).toBeCloseTo(0.4, 10);
  expect(ofService("domain").payment).toBeCloseTo(0.7, 10);
  expect(ofService("all").order).toBeCloseTo(1.4, 10);
});

test("failures come at the error rate and routes at their weights", () => {
  const failing = { ...profile, errorRate: { auth: 0.1, order: 0.1, payment: 0.1 } };
  const made = make(open({ profile: failing }), 50_000);
  expect(Math.abs(share(made, ({ isFailure }) => isFailure) - 0.1)).toBeLessThan(0.006);
  for (const { text, isFailure } of made) expect(text.includes('"result":"fail"')).toBe(isFailure);
  const auth = documents(made.filter(({ service }) => service === "auth"));
  expect(Math.abs(share(auth, ({ route_template }) => route_template === "/v2/auth/token/refresh") - 0.4)).toBeLessThan(
    0.015,
  );
  const reasons = new Set(auth.flatMap(({ reason_code }) => (reason_code === undefined ? [] : [reason_code])));
  expect([...reasons].sort()).toEqual(["INTERNAL_ERROR", "INVALID_CREDENTIALS", "RATE_LIMITED", "TOKEN_EXPIRED"]);
});

test("without emit_on_fail no failure leaves a domain event", () => {
  const silent = { ...profile, errorRate: { auth: 0.5, order: 0.5, payment: 0.5 }, emitOnFail: false };
  expect(make(open({ profile: silent }), 2_000).some(({ isFailure }) => isFailure)).toBe(false);
});

test("a hashed event id depends on the event and not on its time", () => {
  const first = documents(make(open({ eventId: "hash", mode: "all" }), 500, 1_000_000_000_000));
  const later = documents(make(open({ eventId: "hash", mode: "all" }), 500, 1_000_000_009_999));
  expect(first[0]!.event_id).toMatch(/^evt_v1_[0-9a-f]{32}$/);
  expect(later.map(({ event_id }) => event_id)).toEqual(first.map(({ event_id }) => event_id));
  expect(new Set(first.map(({ event_id }) => event_id)).size).toBe(500);
});

test("bad documents come at their rate, of every kind, and leave the good ones as they are", () => {
  const spoiled = make(open({ badRate: 0.2 }), 20_000);
  const clean = make(open(), 20_000);
  expect(Math.abs(share(spoiled, ({ badKind }) => badKind !== undefined) - 0.2)).toBeLessThan(0.01);
  expect(new Set(spoiled.flatMap(({ badKind }) => badKind ?? []))).toEqual(new Set(badKinds));
  spoiled.forEach((entry, index) => {
    if (entry.badKind === undefined) expect(entry).toEqual(clean[index]);
  });
});

test.each([
  ["tombstone", (made: Made) => made.length === -1],
  ["empty", (made: Made) => made.length === 0],
  ["oversize", (made: Made) => made.length > 1_000_000 && made.length < 1_048_576],
  ["service-missing", (made: Made) => made.topic === "logs.unknown" && !("service" in JSON.parse(made.text))],
  ["service-unknown", (made: Made) => made.topic === "logs.unknown" && JSON.parse(made.text).service === "nobody"],
  ["double-encoded", (made: Made) => typeof JSON.parse(JSON.parse(made.text)) === "object"],
  ["json-array", (made: Made) => Array.isArray(JSON.parse(made.text))],
  ["event-time-absent", (made: Made) => !("ts_ms" in JSON.parse(made.text))],
  ["event-time-absurd", (made: Made) => [0, 7_258_118_400_000].includes(JSON.parse(made.text).ts_ms)],
  ["wrong-type", (made: Made) => typeof JSON.parse(made.text).user_id === "object"],
  ["out-of-range", (made: Made) => JSON.parse(made.text).status_code > 2 ** 32],
  ["duplicate-key", (made: Made) => made.text.split('"request_id"').length === 3],
  ["unknown-field", (made: Made) => "never_heard_of" in JSON.parse(made.text)],
  ["nested", (made: Made) => made.text.includes("[".repeat(200))],
  ["invalid-utf8", (made: Made) => made.text.includes("\ufffd")],
] as [BadKind, (made: Made) => boolean][])("a bad document of kind %s is what its name says", (kind, matches) => {
  for (const made of make(open({ badRate: 1, badKinds: [kind] }), 5)) expect(matches(made)).toBe(true);
});

test.each(["not-json", "truncated", "nul-bytes"] as BadKind[])("a bad document of kind %s is no JSON", (kind) => {
  for (const { text } of make(open({ badRate: 1, badKinds: [kind] }), 5)) expect(() => JSON.parse(text)).toThrow();
});

test("a service of the mix without an event in the mode is refused by name", () => {
  const readOnly = { order: routes.order!.filter(({ domainEvents }) => domainEvents === null) };
  const onlyOrder = { ...profile, mix: { order: 1 } };
  expect(() => open({ profile: onlyOrder, routes: readOnly })).toThrow(/no route of service "order".*mode domain/);
  expect(() => open({ profile: onlyOrder, routes: {} })).toThrow(/"order", which has no routes/);
});
