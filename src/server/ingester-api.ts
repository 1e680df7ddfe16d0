import { type Context, Hono } from "hono";
import { redact } from "../core/redact.ts";
import type { Run } from "../run/run.ts";
import { runtimeText } from "../telemetry/runtime.ts";
import { assetPaths } from "./console/assets.ts";
import { refuseOtherSites } from "./console/browser-guard.ts";
import type { ConsoleFeed } from "./console/console-feed.ts";
import { addConsoleRoutes } from "./console/console-routes.ts";
import { createSessions } from "./console/session.ts";
import { guardAccess, showsToken } from "./http-access.ts";
import { type Phase, type ReadyFacts, type Reason, reasonAgainstLife, reasonsAgainst } from "./readiness.ts";
import type { StatusDocument } from "./status-schema.ts";

/** What the routes look at. */
export interface ServedIngester {
  phase(): Phase;
  /** Undefined until it begins. */
  run(): Run | undefined;
  version: string;
  /** How long Kafka has been answering without a break, ms. */
  kafkaBackMs(): number;
  /** Prometheus' text, and its type. */
  metrics(): Promise<{ text: string; contentType: string }>;
  feed: ConsoleFeed;
}

/**
 * Probes are asked by machines that have no token; they get a yes or no without the reasons. The page is a file like that of
 * any other Millrace, in which the token is typed.
 */
const openPaths = ["/healthz", "/readyz", "/api/login", ...assetPaths];

export function ingesterRoutes(ingester: ServedIngester, token: string | undefined): Hono {
  const app = new Hono();
  const mayRead = (context: Context) => showsToken(token, context.req.header("authorization"));
  const sessions = token === undefined ? undefined : createSessions(token);
  app.use(refuseOtherSites());
  app.use(guardAccess(token, openPaths, (context) => sessions?.isOpen(context) === true));
  addConsoleRoutes(app, { feed: ingester.feed, run: ingester.run, sessions });
  app.get("/metrics", async (context) => {
    const { text, contentType } = await ingester.metrics();
    return context.body(text, 200, { "Content-Type": contentType });
  });
  app.get("/healthz", (context) => {
    const reason = lifeReason(ingester);
    if (reason === undefined) return context.json({ status: "alive" });
    return context.json({ status: "standing still", ...(mayRead(context) ? { reason } : {}) }, 503);
  });
  app.get("/readyz", (context) => {
    const reasons = readyReasons(ingester);
    if (reasons.length === 0) return context.json({ status: "ready" });
    return context.json({ status: "not ready", ...(mayRead(context) ? { reasons } : {}) }, 503);
  });
  app.get("/api/status", async (context) => context.json(await statusDocument(ingester)));
  app.get("/api/openapi.json", async (context) => {
    // Schemas are made when somebody reads them: not while the ingester starts.
    const { openApiDocument } = await import("./openapi.ts");
    return context.json(openApiDocument(ingester.version));
  });
  app.notFound((context) => context.json({ detail: "no such page; /api/openapi.json lists them" }, 404));
  return app;
}

/** Why the ingester is not ready, without secrets. */
export function readyReasons({ phase, run }: Pick<ServedIngester, "phase" | "run">): Reason[] {
  const running = run();
  const facts = running === undefined ? undefined : readyFacts(running);
  return reasonsAgainst(phase(), facts).map(({ code, text }) => ({ code, text: redact(text) }));
}

export function readyFacts({ pipeline, watch }: Run): ReadyFacts {
  const silence = ({ lastMs, error }: { lastMs: number; error: string | undefined }) => ({
    ...{ ms: performance.now() - lastMs, error },
  });
  return {
    ...{ kafka: silence(watch.kafka), clickHouse: silence(watch.clickHouse) },
    ...{ standing: pipeline.standing(), stopped: pipeline.stopped(), nowMs: Date.now() },
  };
}

function lifeReason({ phase, run, kafkaBackMs }: ServedIngester): string | undefined {
  const running = run();
  if (running === undefined) return undefined;
  return reasonAgainstLife(phase(), performance.now() - running.pipeline.fetchTimes.movedMs, kafkaBackMs());
}

async function statusDocument(ingester: ServedIngester): Promise<StatusDocument> {
  const { version, phase, run } = ingester;
  const reasons = readyReasons(ingester);
  const running = run();
  const { runDocument } = await import("./run-document.ts");
  return {
    version,
    runtime: runtimeText(),
    phase: phase().at,
    ready: reasons.length === 0,
    reasons,
    run: running === undefined ? null : runDocument(running),
  };
}
