import { serve } from "@hono/node-server";
import { Hono } from "hono";
import type { Registry } from "prom-client";
import { eventRateText, isEventRate } from "../config/options/bounds.ts";
import { MillraceError } from "../core/errors.ts";
import type { SimulatorStats } from "../run/simulator-report.ts";
import { checkListenAddress, connectionsMax, guardAccess, serverLimits } from "../server/http-access.ts";
import { createRegistry } from "../telemetry/metric-registry.ts";
import { simulatorMetricRows } from "../telemetry/simulator-metric-rows.ts";

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
  const registry = registryOf(simulator);
  app.get("/metrics", async (context) =>
    context.body(await registry.metrics(), 200, { "Content-Type": registry.contentType }),
  );
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

function registryOf(simulator: ControlledSimulator): Registry {
  const names = Object.keys(simulatorMetricRows) as (keyof typeof simulatorMetricRows)[];
  return createRegistry(
    names.map((name) => ({ row: simulatorMetricRows[name], read: () => [[Number(simulator.stats()[name])]] })),
  );
}
