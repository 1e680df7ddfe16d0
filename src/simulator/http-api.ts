import { Hono } from "hono";
import type { Registry } from "prom-client";
import { eventRateText, isEventRate } from "../config/options/bounds.ts";
import type { SimulatorStats } from "../run/simulator-report.ts";
import { guardAccess } from "../server/http-access.ts";
import { type HttpPlace, type OpenServer, serveRoutes } from "../server/serve.ts";
import { createRegistry } from "../telemetry/metric-registry.ts";
import { simulatorMetricRows } from "../telemetry/simulator-metric-rows.ts";

/** What the HTTP control can see and do. */
export interface ControlledSimulator {
  stats(): SimulatorStats;
  setEventsPerSecond(eventsPerSecond: number): void;
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

/** Serves the control. @throws MillraceError E_CONFIG as `serveRoutes`. */
export function serveHttpApi(simulator: ControlledSimulator, place: HttpPlace): Promise<OpenServer> {
  return serveRoutes(buildHttpApi(simulator, place.token), place, "simulator");
}

function registryOf(simulator: ControlledSimulator): Registry {
  const names = Object.keys(simulatorMetricRows) as (keyof typeof simulatorMetricRows)[];
  return createRegistry(
    names.map((name) => ({ row: simulatorMetricRows[name], read: () => [[Number(simulator.stats()[name])]] })),
  );
}
