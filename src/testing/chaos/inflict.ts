import { setTimeout as sleep } from "node:timers/promises";
import { eventsPipeline } from "../../schema/events-pipeline.ts";
import { deleteInFlight } from "./delete-in-flight.ts";
import type { Fault, FaultAction } from "./faults.ts";
import type { IngesterSlot } from "./ingester-slot.ts";
import { lateInsert } from "./late-insert.ts";
import { splitBundle } from "./split-bundle.ts";
import type { FaultOutcome, World } from "./world.ts";

/** A step or an insert that has not come by then is not waited for: the fault happens at once, or not at all. */
const STEP_WAIT_MS = 8_000;
/** By then a process that was still allowed to stop itself has done so. */
const ORDER_GRACE_MS = 500;
const INSERT_WAIT_MS = 5_000;
const RUNNING_WAIT_MS = 5_000;

const done: FaultOutcome = { text: "done", isExact: true };

/** Does it and waits for its end: the server answers again, the line is fast again, the process is gone. */
export async function inflict(world: World, { action }: Fault): Promise<FaultOutcome> {
  switch (action.kind) {
    case "clickhouse-kill":
      await world.clickHouse.killAndRestart(action.downMs);
      return done;
    case "clickhouse-restart":
      await world.clickHouse.stopAndRestart(action.downMs);
      return done;
    case "clickhouse-pause":
      await world.clickHouse.pause(action.forMs);
      return done;
    case "broker-kill":
      await world.broker.killAndRestart(action.downMs);
      return done;
    case "broker-pause":
      await world.broker.pause(action.forMs);
      return done;
    case "add-ingester":
      return addIngester(world);
    case "topic-deletion":
      return deleteTopic(world);
    case "deletion-in-flight":
      return deleteInFlight(world, action);
    case "refused-table":
      return refuseTable(world, action);
    default:
      return onIngester(world, action);
  }
}

type OnIngester = Extract<FaultAction, { pick: number }>;

async function onIngester(world: World, action: OnIngester): Promise<FaultOutcome> {
  if (action.kind === "remove-ingester") return removeIngester(world, action.pick);
  if (action.kind === "forgotten-zombie" && wanted(world).length < 2) addIngester(world);
  const slot = await runningSlot(world, action.pick);
  if (slot === undefined) return { text: "no ingester was running", isExact: false };
  const outcome = await onSlot(world, slot, action);
  return { ...outcome, text: `ingester ${slot.index}: ${outcome.text}` };
}

async function onSlot(world: World, slot: IngesterSlot, action: OnIngester): Promise<FaultOutcome> {
  switch (action.kind) {
    case "kill-at-step":
      return killAtStep(slot, action);
    case "kill":
      slot.kill(action.restartMs);
      await slot.process?.exited;
      return done;
    case "pause":
      return stopFor(slot, action.forMs);
    case "zombie": {
      const { step, nth } = action;
      return stopFor(
        slot,
        world.sessionTimeoutMs + action.beyondSessionMs,
        step === undefined ? undefined : { step, nth },
      );
    }
    case "forgotten-zombie":
      return lateInsert(world, slot, action);
    case "split-bundle":
      return splitBundle(world, slot, action);
    case "worker-exit":
      slot.poisonWorker();
      return done;
    case "insert": {
      const entry = await slot.inserts.arm(action.fault, INSERT_WAIT_MS);
      if (entry === undefined) return { text: "no insert came", isExact: false };
      return { text: `${entry.table} ${entry.token}`, isExact: true };
    }
    case "clickhouse-reset":
      return { text: `${slot.clickHouse.resetAll()} connections`, isExact: true };
    case "kafka-reset":
      return resetKafka(slot, action.refuseMs);
    case "leader-move": {
      const isSaid = await slot.kafkaAnswers.arm(action.move, action.answers, ANSWER_WAIT_MS);
      return { text: isSaid ? "told" : "too few answers came", isExact: isSaid };
    }
    case "clock-step":
      slot.stepClock({ clockStepMs: action.byMs });
      return done;
    case "terminate":
      return terminate(world, slot, action);
    case "clickhouse-slow":
      return slowDown(slot.clickHouse, action);
    case "kafka-slow":
      return slowDown(slot.kafka, action);
    case "remove-ingester":
      return removeIngester(world, action.pick);
  }
}

async function killAtStep(
  slot: IngesterSlot,
  { step, nth, restartMs }: Extract<FaultAction, { kind: "kill-at-step" }>,
): Promise<FaultOutcome> {
  const child = slot.process;
  if (child === undefined) return { text: "it had just ended", isExact: false };
  const orderedMs = Date.now();
  slot.order({ step, nth, signal: "SIGKILL", untilMs: orderedMs + STEP_WAIT_MS }, restartMs);
  const isReached = await Promise.race([child.exited.then(() => true), sleep(STEP_WAIT_MS, false)]);
  if (isReached) return { text: `reached after ${Date.now() - orderedMs} ms`, isExact: true };
  slot.kill(restartMs);
  await child.exited;
  return { text: `${step} did not come within ${STEP_WAIT_MS} ms: killed then`, isExact: false };
}

/** Stops the process, at a step if one is given, for `forMs`. */
async function stopFor(
  slot: IngesterSlot,
  forMs: number,
  at?: Pick<Extract<FaultAction, { kind: "kill-at-step" }>, "step" | "nth">,
): Promise<FaultOutcome> {
  const child = slot.process;
  if (child === undefined) return { text: "it had just ended", isExact: false };
  let isExact = true;
  if (at !== undefined) {
    slot.order({ ...at, signal: "SIGSTOP", untilMs: Date.now() + STEP_WAIT_MS }, 0);
    isExact = await child.untilStopped(STEP_WAIT_MS + ORDER_GRACE_MS);
  }
  child.signal("SIGSTOP");
  await sleep(forMs);
  child.signal("SIGCONT");
  return { text: isExact ? "stopped and continued" : `${at?.step} did not come: stopped elsewhere`, isExact };
}

async function resetKafka(slot: IngesterSlot, refuseMs: number): Promise<FaultOutcome> {
  slot.kafka.setRefusing(true);
  const count = slot.kafka.resetAll();
  await sleep(refuseMs);
  slot.kafka.setRefusing(false);
  return { text: `${count} connections`, isExact: true };
}

async function slowDown(
  line: IngesterSlot["kafka"],
  { speed, forMs }: Pick<Extract<FaultAction, { kind: "kafka-slow" }>, "speed" | "forMs">,
): Promise<FaultOutcome> {
  line.setSpeed(speed);
  await sleep(forMs);
  line.setSpeed(undefined);
  return done;
}

/** Both answers that a move shows in come at least once a second. */
const ANSWER_WAIT_MS = 5_000;
const SIDE_RECORDS = 30;
const SIDE_WAIT_MS = 8_000;
/** The refusal waits for the other table so long: a member that died before it holds the group up for its session timeout. */
const REFUSED_MS_MAX = 25_000;
/** What an end may take beyond its drain: reporting, closing, a machine with two busy cores. */
const END_GRACE_MS = 4_000;

async function deleteTopic({ side }: World): Promise<FaultOutcome> {
  const topic = await side.takeTopic(SIDE_RECORDS, SIDE_WAIT_MS);
  if (topic === undefined) return { text: "all topics for this have been deleted", isExact: false };
  await side.produce([topic], SIDE_RECORDS);
  const { sure, produced } = await side.deleteTopic(topic);
  return { text: `${topic}: ${produced} records, ${sure} of them stored before`, isExact: sure > 0 };
}

async function refuseTable(
  { slots, side }: World,
  { code, forMs }: Extract<FaultAction, { kind: "refused-table" }>,
): Promise<FaultOutcome> {
  for (const { inserts } of slots) inserts.refuse({ table: eventsPipeline.table, code });
  try {
    const [isServed] = await Promise.all([side.isServed(SIDE_RECORDS, REFUSED_MS_MAX), sleep(forMs)]);
    if (isServed) return { text: "the other table went on", isExact: true };
    const text = `the other table stood still for ${REFUSED_MS_MAX / 1_000} s`;
    return { text, isExact: false, finding: `while one table was refused, ${text}` };
  } finally {
    for (const { inserts } of slots) inserts.refuse(undefined);
  }
}

/** The server is away before the signal comes and after the drain's time is over; the next life begins without it. */
async function terminate(
  { broker, clickHouse, drainTimeoutMs }: World,
  slot: IngesterSlot,
  { server, how, beyondDrainMs }: Extract<FaultAction, { kind: "terminate" }>,
): Promise<FaultOutcome> {
  const target = server === "broker" ? broker : clickHouse;
  const awayMs = drainTimeoutMs + beyondDrainMs;
  const away = how === "kill" ? target.killAndRestart(awayMs) : target.pause(awayMs);
  await sleep(AWAY_FIRST_MS);
  const tookMs = await slot.terminate(drainTimeoutMs + END_GRACE_MS);
  await away;
  return { text: `ended after ${tookMs} ms`, isExact: tookMs <= drainTimeoutMs + END_GRACE_MS };
}

const AWAY_FIRST_MS = 500;

function addIngester(world: World): FaultOutcome {
  const free = world.slots.find((slot) => !slot.isWanted);
  if (free === undefined) return { text: "all are running", isExact: false };
  free.start();
  return { text: `ingester ${free.index}`, isExact: true };
}

/** Asked to leave, not waited for: draining can take long while ClickHouse is away. The last one stays. */
async function removeIngester(world: World, pick: number): Promise<FaultOutcome> {
  if (wanted(world).length < 2) return { text: "only one is left: it stays", isExact: false };
  const slot = await runningSlot(world, pick);
  if (slot === undefined) return { text: "no ingester was running", isExact: false };
  slot.retire().catch(() => undefined);
  return { text: `ingester ${slot.index}`, isExact: true };
}

function wanted(world: World): IngesterSlot[] {
  return world.slots.filter(({ isWanted }) => isWanted);
}

/** One of the ingesters that run, or of those that soon will. */
async function runningSlot(world: World, pick: number): Promise<IngesterSlot | undefined> {
  for (const deadlineMs = Date.now() + RUNNING_WAIT_MS; Date.now() < deadlineMs; await sleep(50)) {
    const running = wanted(world).filter((slot) => slot.process !== undefined);
    const slot = running[Math.floor(pick * running.length)];
    if (slot !== undefined) return slot;
  }
  return undefined;
}
