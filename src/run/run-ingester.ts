import type { Logger } from "pino";
import type { Environment } from "../config/environment.ts";
import type { StartOptions } from "../config/start-options.ts";
import { closeAll } from "../core/close-all.ts";
import { within } from "../core/within.ts";
import type { PipelineHooks } from "../ingest/pipeline/pipeline-types.ts";
import { embeddedServersOf } from "./addresses.ts";
import { connectRun } from "./connect-run.ts";
import { type EmbeddedServers, launchServers } from "./embedded-servers.ts";
import { machineBytes, memoryWarning } from "./memory.ts";
import { relaxCollectionOfBuffers } from "./relax-collection.ts";
import type { Run } from "./run.ts";
import { openBatchLog, type RunBatchLog } from "./run-batch-log.ts";
import type { RunEnd, RunFace } from "./run-face.ts";
import { runToEnd } from "./run-to-end.ts";
import { Shutdown, Stopped } from "./shutdown.ts";
import { growYoungSpace } from "./young-space.ts";

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
export async function runIngester(input: RunInput): Promise<RunEnd> {
  const batchLog = openBatchLog(input.options, input.log);
  try {
    const end = await runToItsEnd(input, batchLog);
    await batchLog?.ended(end);
    return end;
  } catch (error) {
    await batchLog?.ended({ error });
    throw error;
  }
}

async function runToItsEnd(input: RunInput, batchLog: RunBatchLog | undefined): Promise<RunEnd> {
  const { environment, options, log, face } = input;
  const startedMs = performance.now();
  relaxCollectionOfBuffers();
  const shutdown = new Shutdown(input.asked, options.drainTimeoutMs);
  void shutdown.asked.then((reason) => face.stopping(reason));
  const stopShowingStart = face.starting(startedMs);
  log.info(options.profile.origin);
  const shortage = memoryWarning(machineBytes(), options.profile.bytesMax);
  if (shortage !== undefined && embeddedServersOf(environment).clickHouse) log.warn(shortage);
  let servers: EmbeddedServers | undefined;
  let run: Run | undefined;
  let stopGrowing = () => {};
  const close = () => {
    shutdown.begin();
    return closeAll([
      stopShowingStart,
      stopGrowing,
      () => run !== undefined && within(shutdown.requestsMs, run.close()),
      () => servers?.stop(shutdown.restMs),
    ]);
  };
  let end: RunEnd;
  try {
    servers = await launchServers({
      ...embeddedServersOf(environment),
      dataDir: environment.dataDir,
      fresh: options.fresh,
      signal: shutdown.stopping,
    });
    face.serversReady(servers);
    run = await connectRun({ ...input, servers, shutdown, startedMs, batchLog });
    batchLog?.started(run.plans);
    stopShowingStart();
    stopGrowing = growYoungSpace();
    end = await runToEnd(run, face);
  } catch (error) {
    if (!(error instanceof Stopped)) {
      // Whoever asks why the run ended wants the error that ended it, not what came of that.
      await close().catch((also) => log.warn({ err: also }, "not everything could be closed"));
      throw error;
    }
    log.info(`${error.message}: no record was read`);
    end = { kind: "not begun" };
  }
  await close();
  return end;
}
