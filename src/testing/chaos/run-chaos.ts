import { setTimeout as sleep } from "node:timers/promises";
import { describeFault, type Fault } from "./faults.ts";
import { inflict } from "./inflict.ts";
import { type IngesterSlot, openSlot } from "./ingester-slot.ts";
import { judgeRecords } from "./judgement.ts";
import { type Load, startLoad } from "./load.ts";
import { isCommittedWithin, untilCommitted } from "./progress.ts";
import { readRecoveries, sumRecoveries } from "./recoveries.ts";
import { type ChaosReport, type FaultRecord, findingsOf } from "./report.ts";
import { aborted, ingesters, type Rig, type RunTerms, untilFirstCommit, withRig } from "./rig.ts";
import { alone } from "./schedule.ts";
import { openSidePipeline, type SidePipeline, sidePipeline } from "./side-pipeline.ts";
import { forgetTokens, setWindows } from "./tokens.ts";
import type { World } from "./world.ts";

export interface ChaosOptions extends RunTerms {
  seed: number;
  /** In order; see `drawFaults`. */
  faults: Fault[];
  eventsPerSecond: number;
  /** Deduplication window of all tables, in inserts; undefined: as migrated. */
  window: number | undefined;
  sessionTimeoutMs: number;
  fenceMs: number;
  /** A control: its data are only kept when it is well. */
  isToFail?: boolean;
}

const INGESTERS_MAX = 3;
const INGESTERS_AT_START = 2;
/** Short, so that a run does not wait long for an ingester whose server is away. */
const DRAIN_TIMEOUT_MS = 4_000;
/** The last faults may leave dead members in the group and inserts in long pauses between attempts. */
const CATCH_UP_PATIENCE_MS = 90_000;

/** What became of the ingesters. */
interface Lives {
  starts: number;
  killed: number;
  unexpected: string[];
  /** Those that did not leave when asked. */
  stuck: string[];
}

/** A rig under load, with ingesters. */
interface Scene extends Rig {
  world: World;
  load: Load;
  side: SidePipeline;
}

/** What the ingesters read and what stays: the built-in pipelines' topics, and one of the side pipeline. */
const group = { id: ingesters.id, topics: [...ingesters.topics, ...sidePipeline.topics] };

/**
 * One chaos run from empty servers to the verdict.
 *
 * @throws the abort reason of `signal`, and whatever keeps the servers from starting; all processes are gone then.
 */
export function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const startedMs = Date.now();
  const lives: Lives = { starts: 0, killed: 0, unexpected: [], stuck: [] };
  return withRig(
    options,
    async (rig) => {
      const scene = await setUp(options, rig, lives);
      const faults = await inflictAll(scene, options);
      return judge(scene, options, faults, lives, startedMs);
    },
    (report) => (findingsOf(report).length === 0) !== (options.isToFail === true),
  );
}

async function setUp(options: ChaosOptions, rig: Rig, lives: Lives): Promise<Scene> {
  const { folder, usage, journal, broker, clickHouse, client, admin, closers } = rig;
  const { sessionTimeoutMs, fenceMs, say } = options;
  const side = await openSidePipeline(folder, rig.brokers, admin, client);
  if (options.window !== undefined) await setWindows(client, options.window);
  const slots: IngesterSlot[] = [];
  const limits = { sessionTimeoutMs, fenceMs, drainTimeoutMs: DRAIN_TIMEOUT_MS };
  const common = { ...limits, folder, groupId: group.id, journal, usage };
  for (let index = 1; index <= INGESTERS_MAX; index++) {
    const ports = { kafkaPort: broker.port, clickHousePort: clickHouse.port };
    const slot = await openSlot(
      { ...common, index, ...ports },
      {
        onStart: () => {
          lives.starts += 1;
        },
        onStuck: (ingester, graceMs) => {
          lives.stuck.push(`ingester ${ingester} had not ended ${graceMs / 1_000} s after SIGTERM`);
        },
        onEnd: (ingester, how, isMeant) => {
          if (how === "SIGKILL") lives.killed += 1;
          if (isMeant) return;
          lives.unexpected.push(`ingester ${ingester} ended by itself: ${how}`);
          say(`         ingester ${ingester} ended by itself: ${how}`);
        },
      },
    );
    closers.push(() => slot.close());
    slots.push(slot);
  }
  const { eventsPerSecond, seed } = options;
  const load = startLoad({ brokers: rig.brokers, eventsPerSecond, seed, folder, usage });
  closers.push(async () => load.kill());
  for (const slot of slots.slice(0, INGESTERS_AT_START)) slot.start();
  const world: World = {
    slots,
    broker,
    clickHouse,
    side,
    journal,
    sessionTimeoutMs,
    drainTimeoutMs: DRAIN_TIMEOUT_MS,
    untilCommitted: (timeoutMs) => isCommittedWithin(admin, group, timeoutMs),
    forgetTokens: () => forgetTokens(client),
  };
  say(`${broker.name} and ${clickHouse.name} are ready, ${INGESTERS_AT_START} ingesters start`);
  await untilFirstCommit(admin, options.signal);
  return { ...rig, world, load, side };
}

async function inflictAll(scene: Scene, { faults, say, signal }: ChaosOptions): Promise<FaultRecord[]> {
  const startedMs = Date.now();
  const records: FaultRecord[] = [];
  const running = new Set<Promise<void>>();
  const passed = () => `${((Date.now() - startedMs) / 1_000).toFixed(0).padStart(4)} s`;
  for (const [index, fault] of faults.entries()) {
    await sleep(fault.pauseMs, undefined, { signal });
    if (alone.has(fault.action.kind)) await Promise.all(running);
    const record: FaultRecord = { ...fault, atMs: Date.now(), text: "", isExact: false };
    records.push(record);
    const title = `[${String(index + 1).padStart(3)}/${faults.length}] ${describeFault(fault.action)}`;
    say(`${passed()} ${title}${fault.isOverlapping ? " …" : ""}`);
    const ending = inflict(scene.world, fault).then(
      (outcome) => {
        Object.assign(record, outcome);
        say(`${passed()} [${String(index + 1).padStart(3)}] ${outcome.text}`);
      },
      (error) => {
        record.text = `could not be done: ${error}`;
        say(`${passed()} [${String(index + 1).padStart(3)}] ${record.text}`);
      },
    );
    running.add(ending);
    ending.finally(() => running.delete(ending));
    if (!fault.isOverlapping) await Promise.race([ending, aborted(signal)]);
    signal.throwIfAborted();
  }
  await Promise.all(running);
  return records;
}

async function judge(
  scene: Scene,
  options: ChaosOptions,
  faults: FaultRecord[],
  lives: Lives,
  startedMs: number,
): Promise<ChaosReport> {
  const { admin, world, journal, usage } = scene;
  const { say, signal } = options;
  const faultsMs = Date.now() - startedMs;
  const failures: string[] = [];
  say("all faults are over; the load ends");
  const loadReport = await scene.load.finish();
  if (!world.slots.some((slot) => slot.isWanted)) world.slots[0]!.start();
  const onLag = (lag: number) => say(`lag ${lag}`);
  const settled = await untilCommitted(admin, group, CATCH_UP_PATIENCE_MS, onLag, signal).catch((error) => {
    signal.throwIfAborted();
    failures.push(error instanceof Error ? error.message : String(error));
    return undefined;
  });
  // Whatever still lies in an ingester could only be a row too many: it has to be in before the count.
  await Promise.all(world.slots.map((slot) => slot.retire()));
  say("comparing logs and tables");
  const { grownBehindTheEnd, ...judgement } = await judgeRecords(scene, loadReport.partitions, settled);
  if (grownBehindTheEnd) failures.push("The logs have grown after the load had ended: who else writes into them?");
  return {
    ...judgement,
    seed: options.seed,
    broker: options.broker,
    window: options.window,
    partitions: options.partitions,
    folder: scene.folder,
    faults,
    failures: [...failures, ...lives.stuck, ...(await scene.side.findings())],
    journal,
    recoveries: sumRecoveries(await readRecoveries(scene.folder, world.slots.length)),
    ingesterStarts: lives.starts,
    ingestersKilled: lives.killed,
    endedByThemselves: lives.unexpected,
    serverRestarts: world.broker.starts + world.clickHouse.starts - 2,
    faultSeconds: faultsMs / 1_000,
    wallSeconds: (Date.now() - startedMs) / 1_000,
    cpuSeconds: usage.cpuSeconds + process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
  };
}
