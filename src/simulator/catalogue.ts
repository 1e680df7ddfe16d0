import type { SimulatorProfile, SimulatorRoute, SimulatorRoutes } from "../config/simulator-files.ts";
import type { EventMode } from "../config/simulator-words.ts";
import { serviceTopic } from "../config/topics.ts";
import { MillraceError } from "../core/errors.ts";
import { type DocumentTemplate, holes } from "./document-template.ts";
import { cumulate } from "./random.ts";

/** One way in which a request of a route can end, with the documents that it leaves. */
export interface RouteOutcome {
  status: number;
  failed: boolean;
  http: DocumentTemplate | undefined;
  domain: DocumentTemplate | undefined;
}

/** A route called with one of its methods. */
export interface RouteCall {
  successes: RouteOutcome[];
  failures: RouteOutcome[];
}

export interface ServiceCatalogue {
  service: string;
  topic: string;
  errorRate: number;
  calls: RouteCall[];
  callWeights: Float64Array;
  /** Mean number of events that a request leaves in this mode: the correction of S0-14. */
  eventsPerRequest: number;
}

export interface Catalogue {
  services: ServiceCatalogue[];
  /** Chance of a *request* by service, such that the *events* come in the proportions of the profile's mix. */
  requestWeights: Float64Array;
}

interface ServiceTraits {
  failureStatuses: number[];
  reasons: string[];
  hasOrder: boolean;
  hasPayment: boolean;
  hasProduct: boolean;
  hasAmount: boolean;
}

const plainTraits: ServiceTraits = {
  failureStatuses: [500],
  reasons: ["INTERNAL_ERROR"],
  hasOrder: false,
  hasPayment: false,
  hasProduct: false,
  hasAmount: false,
};

/** Statuses, reasons (S0-18), extra fields (S0-15, S0-16) of the replaced system's services. Others get the plain ones. */
const traitsByService: Record<string, ServiceTraits> = {
  auth: {
    ...plainTraits,
    failureStatuses: [401, 403, 429, 500],
    reasons: ["INVALID_CREDENTIALS", "TOKEN_EXPIRED", "RATE_LIMITED", "INTERNAL_ERROR"],
  },
  order: {
    ...plainTraits,
    failureStatuses: [500, 422, 409],
    reasons: ["OUT_OF_STOCK", "INVALID_STATE", "CONFLICT", "INTERNAL_ERROR"],
    hasOrder: true,
    hasProduct: true,
  },
  payment: {
    failureStatuses: [400, 402, 408, 500],
    reasons: ["PG_TIMEOUT", "INSUFFICIENT_FUNDS", "FRAUD_SUSPECTED", "INTERNAL_ERROR"],
    hasOrder: true,
    hasPayment: true,
    hasProduct: false,
    hasAmount: true,
  },
};

/**
 * Prepares every document shape that the profile and the routes can produce in a mode.
 *
 * @throws MillraceError E_CONFIG when a service of the mix has no routes, or none that leaves an event in this mode.
 */
export function buildCatalogue(profile: SimulatorProfile, routes: SimulatorRoutes, mode: EventMode): Catalogue {
  const services: ServiceCatalogue[] = [];
  const weights: number[] = [];
  for (const [service, share] of Object.entries(profile.mix)) {
    if (share === 0) continue;
    const catalogue = buildService(service, routes[service] ?? [], profile, mode);
    services.push(catalogue);
    weights.push(share / catalogue.eventsPerRequest);
  }
  return { services, requestWeights: cumulate(weights) };
}

function buildService(
  service: string,
  routes: SimulatorRoute[],
  profile: SimulatorProfile,
  mode: EventMode,
): ServiceCatalogue {
  if (routes.length === 0) {
    throw new MillraceError("E_CONFIG", `simulator: mix names service "${service}", which has no routes`);
  }
  const errorRate = profile.errorRate[service] ?? 0;
  const calls: RouteCall[] = [];
  const weights: number[] = [];
  let events = 0;
  for (const route of routes) {
    for (const method of route.methods) {
      const call = buildCall(service, route, method, profile, mode);
      const weight = route.weight / route.methods.length;
      calls.push(call);
      weights.push(weight);
      events += weight * ((1 - errorRate) * countEvents(call.successes) + errorRate * countEvents(call.failures));
    }
  }
  const callWeights = cumulate(weights);
  const eventsPerRequest = events / callWeights[callWeights.length - 1]!;
  if (eventsPerRequest === 0) {
    throw new MillraceError(
      "E_CONFIG",
      `simulator: no route of service "${service}" leaves an event in mode ${mode}; use mode http or all, or take it out of mix`,
    );
  }
  return { service, topic: serviceTopic(service), errorRate, calls, callWeights, eventsPerRequest };
}

function countEvents(outcomes: RouteOutcome[]): number {
  const first = outcomes[0]!;
  return (first.http === undefined ? 0 : 1) + (first.domain === undefined ? 0 : 1);
}

function buildCall(
  service: string,
  route: SimulatorRoute,
  method: string,
  profile: SimulatorProfile,
  mode: EventMode,
): RouteCall {
  const traits = traitsByService[service] ?? plainTraits;
  const emitsDomain = mode !== "http" && route.domainEvents !== null && (method !== "GET" || profile.emitForGetRoutes);
  const http = mode === "domain" ? undefined : httpTemplate(service, route, method, traits);
  const domain = (failed: boolean, reason: string | undefined): DocumentTemplate | undefined =>
    emitsDomain && (!failed || profile.emitOnFail) ? domainTemplate(service, route, failed, reason, traits) : undefined;
  const success = domain(false, undefined);
  const statuses = method === "POST" ? [200, 201, 204] : [200];
  return {
    successes: statuses.map((status) => ({ status, failed: false, http, domain: success })),
    failures: traits.failureStatuses.flatMap((status) =>
      traits.reasons.map((reason) => ({ status, failed: true, http, domain: domain(true, reason) })),
    ),
  };
}

function httpTemplate(service: string, route: SimulatorRoute, method: string, traits: ServiceTraits): DocumentTemplate {
  return compileTemplate(
    [
      ["event_id", `"evt_${holes.eventId}"`],
      ["event_name", '"http_request_completed"'],
      ["domain", '"http"'],
      ["ts_ms", holes.time],
      ["timestamp_ms", holes.time],
      ["service", JSON.stringify(service)],
      ["request_id", `"req_${holes.request}"`],
      ["method", JSON.stringify(method)],
      ["route_template", JSON.stringify(route.path)],
      ["status_code", holes.status],
      ...commonFields(route, traits),
    ],
    { hasDuration: true, hasAmount: traits.hasAmount },
  );
}

function domainTemplate(
  service: string,
  route: SimulatorRoute,
  failed: boolean,
  reason: string | undefined,
  traits: ServiceTraits,
): DocumentTemplate {
  const name = failed ? route.domainEvents!.fail : route.domainEvents!.success;
  const fields: [string, string][] = [
    ["event_id", `"evt_${holes.eventId}"`],
    ["event_name", JSON.stringify(name)],
    ["domain", JSON.stringify(service)],
    ["ts_ms", holes.time],
    ["service", JSON.stringify(service)],
    ["request_id", `"req_${holes.request}"`],
    ["result", failed ? '"fail"' : '"success"'],
    ["route_template", JSON.stringify(route.path)],
    ...commonFields(route, traits),
  ];
  if (reason !== undefined) fields.push(["reason_code", JSON.stringify(reason)]);
  return compileTemplate(fields, { hasDuration: false, hasAmount: traits.hasAmount });
}

function commonFields(route: SimulatorRoute, traits: ServiceTraits): [string, string][] {
  const fields: [string, string][] = [];
  if (route.apiGroup !== undefined) fields.push(["api_group", JSON.stringify(route.apiGroup)]);
  fields.push(["user_id", `"${holes.user}"`]);
  if (traits.hasOrder) fields.push(["order_id", `"o_${holes.order}"`]);
  if (traits.hasPayment) fields.push(["payment_id", `"p_${holes.payment}"`]);
  if (traits.hasProduct) fields.push(["product_id", holes.product]);
  return fields;
}

/** Lays the fields out and notes where each hole lies. */
function compileTemplate(
  fields: [string, string][],
  tail: { hasDuration: boolean; hasAmount: boolean },
): DocumentTemplate {
  const encoder = new TextEncoder();
  const offsets: Record<string, number> = {};
  let text = "{";
  for (const [name, value] of fields) {
    text += `${text === "{" ? "" : ","}"${name}":`;
    // The hole begins after the quote and the id's own prefix, such as "req_.
    const prefix = /^"(?:evt_|req_|o_|p_)?(?=[~^!%&])/.exec(value)?.[0].length ?? 0;
    offsets[name] = encoder.encode(text).length + prefix;
    text += value;
  }
  return {
    bytes: encoder.encode(text),
    eventId: offsets.event_id!,
    eventTime: offsets.ts_ms!,
    legacyTime: offsets.timestamp_ms ?? -1,
    requestId: offsets.request_id!,
    status: offsets.status_code ?? -1,
    userId: offsets.user_id ?? -1,
    orderId: offsets.order_id ?? -1,
    paymentId: offsets.payment_id ?? -1,
    productId: offsets.product_id ?? -1,
    ...tail,
  };
}
