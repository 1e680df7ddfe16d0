import { deliverySteps } from "../../ingest/pipeline/delivery-steps.ts";
import { cumulate, pickWeighted, Random } from "../../simulator/random.ts";
import type { Fault, FaultAction, FaultKind } from "./faults.ts";
import type { InsertFault, ShortageCode } from "./insert-faults.ts";
import type { LineSpeed } from "./tcp-proxy.ts";

/** How often each kind is drawn. Kinds that take long (a session timeout, a broker's start) come less often. */
const weights: Record<FaultKind, number> = {
  "kill-at-step": 22,
  kill: 6,
  pause: 4,
  zombie: 6,
  "forgotten-zombie": 4,
  "split-bundle": 8,
  "worker-exit": 4,
  "add-ingester": 5,
  "remove-ingester": 5,
  insert: 20,
  "clickhouse-kill": 5,
  "clickhouse-restart": 2,
  "clickhouse-pause": 3,
  "clickhouse-slow": 3,
  "clickhouse-reset": 3,
  "broker-kill": 4,
  "broker-pause": 3,
  "kafka-slow": 3,
  "kafka-reset": 3,
  "leader-move": 6,
  "clock-step": 4,
  "topic-deletion": 2,
  "deletion-in-flight": 2,
  "refused-table": 3,
  terminate: 3,
};

export const faultKinds = Object.keys(weights) as FaultKind[];

/** Kinds that must have ended before anything else happens: more on top would hide what they are to show. */
export const alone: ReadonlySet<FaultKind> = new Set<FaultKind>([
  "forgotten-zombie",
  "deletion-in-flight",
  "refused-table",
  "terminate",
]);
const OVERLAP_SHARE = 0.25;
const PAUSE_MS = [200, 1_500] as const;
const HOUR_MS = 3_600_000;

/**
 * The faults of a run: the same seed gives the same list, whatever the machine does. Only when each of them hits, and
 * which record is on its way then, differs from run to run.
 *
 * Each insert fault and each step of a kill is a kind of its own in real life: of the kinds wanted (default all), the
 * first faults are one of each, in random order, so that a short run is no lottery.
 */
export function drawFaults(seed: number, count: number, kinds: readonly FaultKind[] = faultKinds): Fault[] {
  const random = new Random(seed);
  const sums = cumulate(kinds.map((kind) => weights[kind]));
  const once = shuffle(random, [...kinds]);
  return Array.from({ length: count }, (_, index) => {
    const kind = once[index] ?? kinds[pickWeighted(random, sums)]!;
    const action = drawAction(random, kind);
    const pauseMs = random.between(...PAUSE_MS);
    const isOverlapping = random.fraction() < OVERLAP_SHARE && !alone.has(kind);
    return { action, pauseMs, isOverlapping };
  });
}

function drawAction(random: Random, kind: FaultKind): FaultAction {
  const pick = random.fraction();
  const nth = random.between(1, 4);
  const restartMs = random.between(0, 1_500);
  switch (kind) {
    case "kill-at-step":
      return { kind, pick, step: oneOf(random, deliverySteps), nth, restartMs };
    case "kill":
      return { kind, pick, restartMs };
    case "pause":
      return { kind, pick, forMs: random.between(500, 3_000) };
    case "zombie": {
      // Half of them before the insert: the request that wakes up is the one that can do harm.
      const step = oneOf(random, ["beforeInsert", "beforeInsert", "beforeCommit", "afterInsert", undefined] as const);
      return { kind, pick, step, nth, beyondSessionMs: random.between(500, 2_500) };
    }
    case "forgotten-zombie":
      return { kind, pick, nth, beyondSessionMs: random.between(500, 1_500) };
    case "split-bundle": {
      // Lost, before the next owners repeat it, while they do, or after its fence.
      const passOnMs = oneOf(random, [undefined, random.between(0, 1_500), random.between(1_500, 9_000)]);
      return { kind, pick, nth, passOnMs, beyondSessionMs: random.between(0, 3_000) };
    }
    case "worker-exit":
    case "remove-ingester":
    case "clickhouse-reset":
      return { kind, pick };
    case "add-ingester":
      return { kind };
    case "insert":
      return { kind, pick, fault: drawInsertFault(random) };
    case "clickhouse-kill":
    case "clickhouse-restart":
    case "broker-kill":
      return { kind, downMs: random.between(0, 2_000) };
    case "clickhouse-pause":
    case "broker-pause":
      return { kind, forMs: random.between(500, 4_000) };
    case "clickhouse-slow":
    case "kafka-slow":
      return { kind, pick, speed: drawSpeed(random), forMs: random.between(1_000, 4_000) };
    case "kafka-reset":
      return { kind, pick, refuseMs: random.between(0, 1_500) };
    case "leader-move":
      return { kind, pick, move: oneOf(random, ["leaders", "coordinator"] as const), answers: random.between(1, 3) };
    case "clock-step":
      return { kind, pick, byMs: oneOf(random, [-1, 1]) * oneOf(random, [2_000, 60_000, HOUR_MS]) };
    case "topic-deletion":
      return { kind };
    case "deletion-in-flight":
      return { kind, owner: oneOf(random, ["stays", "killed, insert arrives", "killed, insert lost"] as const) };
    case "refused-table":
      return { kind, code: oneOf<ShortageCode>(random, [241, 243, 252]), forMs: random.between(4_000, 8_000) };
    case "terminate":
      return {
        kind,
        pick,
        server: oneOf(random, ["clickhouse", "broker"] as const),
        how: oneOf(random, ["kill", "pause"] as const),
        beyondDrainMs: random.between(2_000, 4_000),
      };
  }
}

function drawInsertFault(random: Random): InsertFault {
  const code = oneOf<ShortageCode>(random, [241, 243, 252]);
  const bytes = random.between(1, 16_384);
  const choices: InsertFault[] = [
    { kind: "reset", when: "before" },
    { kind: "reset", when: "during", bytes },
    { kind: "reset", when: "uploaded" },
    { kind: "reset", when: "answered" },
    { kind: "error", code, isStored: false },
    { kind: "error", code, isStored: true },
  ];
  return oneOf(random, choices);
}

function drawSpeed(random: Random): LineSpeed {
  return { latencyMs: random.between(10, 200), bytesPerSecond: random.between(32, 1_024) * 1_024 };
}

function oneOf<T>(random: Random, list: readonly T[]): T {
  return list[random.between(0, list.length - 1)]!;
}

function shuffle<T>(random: Random, list: T[]): T[] {
  for (let last = list.length - 1; last > 0; last--) {
    const other = random.between(0, last);
    [list[last], list[other]] = [list[other]!, list[last]!];
  }
  return list;
}
