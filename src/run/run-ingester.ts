import type { Logger } from "pino";
import type { Environment } from "../config/environment.ts";
import type { StartOptions } from "../config/start-options.ts";
import { within } from "../core/within.ts";
import type { PipelineHooks } from "../ingest/pipeline/pipeline-types.ts";
import { embeddedServersOf } from "./addresses.ts";
import { closeRun } from "./close-run.ts";
import { connectRun, type Run } from "./connect-run.ts";
import { type EmbeddedServers, launchServers } from "./embedded-servers.ts";
import { machineBytes, memoryWarning } from "./memory.ts";
import { operate } from "./operate.ts";
import { relaxCollectionOfBuffers } from "./relax-collection.ts";
import type { RunEnd, RunFace } from "./run-face.ts";
import { Shutdown, Stopped } from "./shutdown.ts";

export interface RunInput {
  environment: Environment;
  options: StartOptions;
  log: Logger;
  face: RunFace;
  /** Resolves with the reason when somebody wants the run to stop. */
  asked: Promise<string>;
  hooks?: PipelineHooks | undefined;
}

/**
 * Runs the pipeline until somebody asks to stop, the duration's or the topics' end; then drains, reports and stops the
 * servers, within `--drain-timeout`.
 *
 * @throws MillraceError when the set-up is wrong, or the pipeline met an error that no retry can help.
 */
export async function runIngester({ environment, options, log, face, asked, hooks }: RunInput): Promise<RunEnd> {
  const startedMs = performance.now();
  relaxCollectionOfBuffers();
  const shutdown = new Shutdown(asked, options.drainTimeoutMs);
  void shutdown.asked.then((reason) => face.stopping(reason));
  const stopShowingStart = face.starting(startedMs);
  log.info(options.profile.origin);
  const shortage = memoryWarning(machineBytes(), options.profile.bytesMax);
  if (shortage !== undefined && embeddedServersOf(environment).clickHouse) log.warn(shortage);
  let servers: EmbeddedServers | undefined;
  let run: Run | undefined;
  try {
    servers = await launchServers({
      ...embeddedServersOf(environment),
      dataDir: environment.dataDir,
      fresh: options.fresh,
      signal: shutdown.stopping,
    });
    face.serversReady(servers);
    run = await connectRun(environment, options, servers, log, shutdown, startedMs, hooks);
    stopShowingStart();
    return await operate(run, face);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    log.info(`${error.message}: nothing was taken`);
    return { kind: "not begun" };
  } finally {
    stopShowingStart();
    shutdown.begin();
    if (run !== undefined) await within(shutdown.requestsMs, closeRun(run));
    await servers?.stop(shutdown.restMs);
  }
}
