import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { eventRateText, isEventRate } from "../config/options/bounds.ts";
import { MillraceError } from "../core/errors.ts";
import type { SimulatorStats } from "../run/simulator-report.ts";
import { checkListenAddress, connectionsMax, guardAccess, serverLimits } from "../server/http-access.ts";

/** What the HTTP control can see and do. */
export interface ControlledSimulator {
  stats(): SimulatorStats;
  setEventsPerSecond(eventsPerSecond: number): void;
}

export interface HttpControl {
  port: number;
  close(): Promise<void>;
}

/** Where the control listens, and what its callers must show. */
export interface HttpPlace {
  /** 0: a free one. */
  port: number;
  address: string;
  token: string | undefined;
}

/** The routes of S0-8 and S0-9, with statistics as JSON and as Prometheus text beside them. */
export function buildHttpApi(simulator: ControlledSimulator, token?: string): Hono {
  const app = new Hono();
  app.use(guardAccess(token));
  app.get("/ping", (context) => context.json({ status: "ok" }));
  app.get("/simulator/ping", (context) => {
    const { state } = simulator.stats();
    return context.json({ status: state }, state === "running" ? 200 : 503);
  });
  app.get("/simulator/stats", (context) => context.json(simulator.stats()));
  app.get("/metrics", (context) => context.text(formatMetrics(simulator.stats())));
  app.patch("/simulator/eps", (context) => {
    const text = context.req.query("value");
    const value = Number(text);
    if (text === undefined || text.trim() === "" || !isEventRate(value)) {
      return context.json({ detail: `value is ${text ?? "missing"}: must be from ${eventRateText}` }, 422);
    }
    const { state } = simulator.stats();
    if (state !== "running") return context.json({ detail: `the simulator is ${state}` }, 503);
    simulator.setEventsPerSecond(value);
    return context.json({ eps: value });
  });
  return app;
}

/**
 * Serves the control. No route reads a body, so none is ever collected.
 *
 * @throws MillraceError E_CONFIG when the port is taken, or other machines can reach the address and there is no token.
 */
export async function serveHttpApi(
  simulator: ControlledSimulator,
  { port, address, token }: HttpPlace,
): Promise<HttpControl> {
  checkListenAddress("--listen", address, token);
  const { fetch } = buildHttpApi(simulator, token);
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, port, hostname: address, serverOptions: serverLimits }, (bound) => {
      resolve({
        port: bound.port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            // Keep-alive connections of a scraper would hold the close for seconds.
            if ("closeAllConnections" in server) server.closeAllConnections();
          }),
      });
    });
    if ("maxConnections" in server) server.maxConnections = connectionsMax;
    server.on("error", (error: Error) => {
      reject(new MillraceError("E_CONFIG", `simulator: cannot listen on ${address}:${port} (${error.message})`));
    });
  });
}

/** Prometheus text format 0.0.4. */
function formatMetrics(stats: SimulatorStats): string {
  const series: [name: string, type: "counter" | "gauge", value: number][] = [
    ["generated_events_total", "counter", stats.generated],
    ["produced_events_total", "counter", stats.produced],
    ["failed_events_total", "counter", stats.failed],
    ["dead_letters_total", "counter", stats.dlqWrapped],
    ["error_copies_total", "counter", stats.errorCopies],
    ["withheld_events_total", "counter", stats.withheld],
    ["throttle_pauses_total", "counter", stats.pauses],
    ["target_events_per_second", "gauge", stats.targetEventsPerSecond],
    ["pending_events", "gauge", stats.pendingEvents],
    ["pending_bytes", "gauge", stats.pendingBytes],
    ["queue_ratio", "gauge", stats.queueRatio],
    ["soft_throttle_scale", "gauge", stats.softScale],
    ["paused", "gauge", stats.paused ? 1 : 0],
  ];
  return series.map(([name, type, value]) => `# TYPE simulator_${name} ${type}\nsimulator_${name} ${value}\n`).join("");
}
