import { writeFile } from "node:fs/promises";
import type { Logger } from "pino";
import type { Environment } from "../config/environment.ts";
import type { StartOptions } from "../config/start-options.ts";
import type { PipelineHooks } from "../ingest/pipeline/pipeline-types.ts";
import type { EmbeddedServers } from "../run/embedded-servers.ts";
import type { RunReport } from "../run/report.ts";
import type { Run } from "../run/run.ts";
import type { RunEnd, RunFace } from "../run/run-face.ts";
import { writeRunFile } from "../run/run-file.ts";
import { runIngester } from "../run/run-ingester.ts";
import type { IngesterServer } from "../server/ingester-server.ts";
import { latencyLines } from "../telemetry/latency-lines.ts";
import { createLog } from "../telemetry/log.ts";
import { reportText } from "./report-text.ts";
import { sayWhereServersAre } from "./server-addresses.ts";
import { untilStopped } from "./signals.ts";
import { startStartingLine, startStatusLine } from "./status-line.ts";
import { hasTerminal } from "./terminal.ts";
import { millraceVersion } from "./version.ts";

/**
 * Runs the ingester in a terminal, or where the output is a container's log, until a signal or its own end.
 *
 * @throws MillraceError when the set-up is wrong, the pipeline met an error that no retry can help, or something was left.
 */
export async function runStart(environment: Environment, options: StartOptions, hooks?: PipelineHooks): Promise<void> {
  const asked = untilStopped({ onParentGone: environment.startedByNpm });
  const log = createLog(environment.logLevel);
  const server = await openServer(environment, options);
  const face = terminalFace(environment, options, log, server);
  let end: RunEnd;
  try {
    end = await runIngester({ environment, options, log, asked, hooks, face });
  } finally {
    await server?.close();
  }
  if (end.kind === "reported" && end.fault !== undefined) throw end.fault;
}

/** Opened first: a port that is taken must not be found out when the servers run. */
async function openServer(
  { httpToken: token }: Environment,
  { http }: StartOptions,
): Promise<IngesterServer | undefined> {
  if (http === undefined) return undefined;
  const { openIngesterServer } = await import("../server/ingester-server.ts");
  return openIngesterServer({ ...http, token }, millraceVersion());
}

function terminalFace(
  { dataDir }: Environment,
  options: StartOptions,
  log: Logger,
  server: IngesterServer | undefined,
): RunFace {
  return {
    starting: (startedMs) => startStartingLine(options, startedMs),
    serversReady(servers) {
      noteHttpUrl(dataDir, servers, server?.url);
      sayWhereServersAre({ ...servers, httpUrl: server?.url }, dataDir, options.json, log);
    },
    running(run) {
      server?.attach(run);
      const stop = startStatusLine(run);
      return () => {
        server?.ending("the run has come to its end");
        stop();
      };
    },
    stopping(reason) {
      server?.ending(reason);
      log.info(stoppingText(reason, options));
    },
    async reported(report, run) {
      if (options.reportFile !== undefined) await writeFile(options.reportFile, `${JSON.stringify(report, null, 2)}\n`);
      printReport(report, run);
    },
  };
}

/** For `millrace status`, which finds the demo by its folder. */
function noteHttpUrl(
  dataDir: string,
  { kafkaBrokers, clickHouseUrl }: Pick<EmbeddedServers, "kafkaBrokers" | "clickHouseUrl">,
  httpUrl: string | undefined,
): void {
  const [kafkaBroker] = kafkaBrokers ?? [];
  if (kafkaBroker !== undefined && clickHouseUrl !== undefined)
    writeRunFile(dataDir, { kafkaBroker, clickHouseUrl, httpUrl });
}

function stoppingText(reason: string, { drainTimeoutMs }: StartOptions): string {
  const again = reason.startsWith("SIG") ? "; a second signal does not wait" : "";
  return `${reason}: what was taken is stored and committed, for ${drainTimeoutMs / 1000} s at most${again}`;
}

/**
 * Prints the report: JSON for programs, tables for people. Where nobody sees a terminal it is a line of the log: a
 * container's output is of one kind.
 */
function printReport(report: RunReport, { pipeline, options, log }: Run): void {
  if (options.json) {
    console.log(JSON.stringify(report));
    return;
  }
  if (!hasTerminal()) {
    log.info({ report }, "report");
    return;
  }
  console.log(reportText(report, latencyLines(pipeline.total)));
}
