import { within } from "../core/within.ts";
import type { LeftOver } from "../ingest/pipeline/left-over.ts";
import { tellBacklog } from "./backlog.ts";
import { faultOf } from "./fault-of.ts";
import { makeReport } from "./make-report.ts";
import type { Run } from "./run.ts";
import type { RunEnd, RunFace } from "./run-face.ts";
import { untilEnd, workIsDone } from "./until-end.ts";

const FLUSH_MS = 10_000;

/**
 * Runs what is connected until it is to stop, drains it and reports.
 *
 * @throws the pipeline's first error that no retry can help.
 */
export async function runToEnd(run: Run, face: RunFace): Promise<RunEnd> {
  const { pipeline, log, shutdown } = run;
  await runUntilStop(run, face);
  shutdown.begin();
  let left: LeftOver;
  try {
    left = await pipeline.drain({ finishMs: shutdown.drainMs, leaveMs: shutdown.leaveMs });
  } catch (error) {
    await within(shutdown.requestsMs, flushLatency(run));
    log.error(
      { err: error },
      "stopped: mend the cause and start again; it goes on from the committed offsets, and no record is lost",
    );
    throw error;
  }
  // With Kafka away, the report needs the rest of the time.
  const noted = within(shutdown.requestsMs / 3, flushArrivals(run, true));
  await within(shutdown.requestsMs, Promise.all([flushLatency(run), noted]));
  const report = await makeReport(run, left);
  await face.reported(report, run);
  return { kind: "reported", report, fault: faultOf(report, shutdown) };
}

async function runUntilStop(run: Run, face: RunFace): Promise<void> {
  const { pipeline, options, shutdown } = run;
  const stopShowing = face.running(run);
  const flushTimer = setInterval(() => void Promise.all([flushLatency(run), flushArrivals(run)]), FLUSH_MS);
  let stopTelling = () => {};
  try {
    const joined = pipeline.start();
    stopTelling = tellBacklog(run, joined);
    const running = joined.then(() => workIsDone(run));
    await Promise.race([running, shutdown.asked, pipeline.failed]);
    // First the source of events, then the ingester: what was acknowledged can still be taken.
    await run.simulator?.finish(shutdown.drainMs / 2);
    if (options.durationMs !== undefined) await Promise.race([untilEnd(run), shutdown.asked, pipeline.failed]);
  } finally {
    stopShowing();
    stopTelling();
    clearInterval(flushTimer);
  }
}

async function flushLatency({ latency, log }: Run): Promise<void> {
  await latency
    .flush()
    .catch((error) => log.warn({ err: error }, "latency was not stored: it is sent again with the next flush"));
}

async function flushArrivals({ arrivals, log }: Run, isLast = false): Promise<void> {
  const nowMs = Date.now();
  await (isLast ? arrivals.flushLast(nowMs) : arrivals.flush(nowMs)).catch((error) =>
    log.debug({ err: error }, "what has arrived was not noted: it is with the next flush"),
  );
}
