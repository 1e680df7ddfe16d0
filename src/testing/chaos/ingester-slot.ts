import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ClockOrder, IngesterSetup, StepOrder } from "./ingester.ts";
import type { InsertJournal } from "./insert-journal.ts";
import { type InsertProxy, startInsertProxy } from "./insert-proxy.ts";
import { KafkaAnswers } from "./kafka-answers.ts";
import { type ManagedProcess, startProcess, type UsageTotal } from "./managed-process.ts";
import { FOLDER_VARIABLE, poisonFile } from "./poison.ts";
import { ingesterLog } from "./run-folder.ts";
import { pipelineFolder } from "./side-pipeline.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

const entry = fileURLToPath(new URL("./ingester.ts", import.meta.url));
const RESTART_MS = 1_000;
const STOP_GRACE_MS = 70_000;

/** One ingester's place: its lines to both servers, and a process that is started again whenever it ends. */
export interface IngesterSlot {
  readonly index: number;
  readonly kafka: TcpProxy;
  readonly kafkaAnswers: KafkaAnswers;
  readonly clickHouse: TcpProxy;
  readonly inserts: InsertProxy;
  /** Undefined while nothing runs. */
  readonly process: ManagedProcess | undefined;
  /** Whether there should be a process: it may be between two lives. */
  readonly isWanted: boolean;
  start(): void;
  /** SIGTERM: drains, commits and leaves. Resolves when the process has ended; it is not started again. */
  retire(): Promise<void>;
  /**
   * SIGTERM while it cannot drain: it may leave something behind (code 1), but has to end within `graceMs`. Starts it again
   * afterwards. Resolves with the time that it took, in ms.
   */
  terminate(graceMs: number): Promise<number>;
  /** Has the process raise a signal at a step. Should it end, its successor starts after `restartMs`. */
  order(order: StepOrder, restartMs: number): void;
  stepClock(order: ClockOrder): void;
  kill(restartMs: number): void;
  /** Ends a worker thread of the process at its next task. */
  poisonWorker(): void;
  close(): Promise<void>;
}

/** How processes ended, in the words of the summary. */
export interface SlotEvents {
  onStart(index: number): void;
  /** It has not ended within `graceMs` of SIGTERM, and will be killed. */
  onStuck(index: number, graceMs: number): void;
  /** `isMeant`: by a signal of ours, or on request. */
  onEnd(index: number, how: string, isMeant: boolean): void;
}

export interface SlotSetup {
  index: number;
  folder: string;
  kafkaPort: number;
  clickHousePort: number;
  sessionTimeoutMs: number;
  fenceMs: number;
  drainTimeoutMs: number;
  groupId: string;
  journal: InsertJournal;
  usage: UsageTotal;
}

/**
 * How one may end that was asked to. Code 1: its time to drain was over, and it says what it leaves to the others. By the
 * signal itself: it had just started, and did not listen yet.
 */
function isGood(code: number | null, signal: NodeJS.Signals | null): boolean {
  return code === 0 || code === 1 || signal === "SIGTERM";
}

export async function openSlot(setup: SlotSetup, events: SlotEvents): Promise<IngesterSlot> {
  const { index, folder, kafkaPort, sessionTimeoutMs, fenceMs, drainTimeoutMs, groupId } = setup;
  const kafkaAnswers = new KafkaAnswers((text) => setup.journal.bundles.note(text));
  const kafka = await startTcpProxy(kafkaPort, () => kafkaAnswers.follow());
  const inserts = await startInsertProxy(setup.clickHousePort, index, setup.journal);
  const clickHouse = await startTcpProxy(inserts.port);
  const clickHouseUrl = `http://127.0.0.1:${clickHouse.port}`;
  const given: IngesterSetup = {
    kafkaPort,
    kafkaProxyPort: kafka.port,
    clickHouseUrl,
    sessionTimeoutMs,
    fenceMs,
    drainTimeoutMs,
    groupId,
    pipelineFolder: pipelineFolder(folder),
  };
  let child: ManagedProcess | undefined;
  /** The last that was to leave: its successor may be wanted before it has ended. */
  let asked: ManagedProcess | undefined;
  let isWanted = false;
  let restartMs = RESTART_MS;

  function run(): void {
    if (!isWanted || child !== undefined) return;
    restartMs = RESTART_MS;
    const started = startProcess({
      args: [entry, JSON.stringify(given)],
      logFile: ingesterLog(folder, index),
      env: { [FOLDER_VARIABLE]: folder, MILLRACE_PROFILES: folder },
      usage: setup.usage,
    });
    child = started;
    events.onStart(index);
    started.exited.then(({ code, signal }) => {
      child = undefined;
      events.onEnd(
        index,
        signal ?? `code ${code}`,
        signal === "SIGKILL" || (asked === started && isGood(code, signal)),
      );
      setTimeout(run, restartMs);
    });
  }

  function start(): void {
    if (isWanted) return;
    isWanted = true;
    // The process that was asked to leave may still be draining: its end starts the next one.
    if (child === undefined) run();
  }

  /** Resolves when it has ended. */
  async function stop(graceMs: number): Promise<void> {
    isWanted = false;
    const retiring = child;
    if (retiring === undefined) return;
    asked = retiring;
    const timer = setTimeout(() => retiring.isRunning && events.onStuck(index, graceMs), graceMs - 500);
    await retiring.stop(graceMs);
    clearTimeout(timer);
  }

  return {
    index,
    kafka,
    kafkaAnswers,
    clickHouse,
    inserts,
    get process() {
      return child;
    },
    get isWanted() {
      return isWanted;
    },
    start,
    retire: () => stop(STOP_GRACE_MS),
    async terminate(graceMs) {
      const orderedMs = performance.now();
      await stop(graceMs);
      start();
      return Math.round(performance.now() - orderedMs);
    },
    order(order, thenMs) {
      restartMs = thenMs;
      child?.writeLine(JSON.stringify(order));
    },
    stepClock(order) {
      child?.writeLine(JSON.stringify(order));
    },
    kill(thenMs) {
      restartMs = thenMs;
      child?.signal("SIGKILL");
    },
    poisonWorker() {
      if (child !== undefined) writeFileSync(poisonFile(folder, child.pid), "");
    },
    async close() {
      isWanted = false;
      child?.signal("SIGKILL");
      await child?.exited;
      await sleep(0);
      await Promise.all([kafka.close(), clickHouse.close(), inserts.close()]);
    },
  };
}
