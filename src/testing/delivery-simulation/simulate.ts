import type { Recovery } from "../../ingest/pipeline/recovery-plan.ts";
import { SimulatedBroker } from "./broker.ts";
import { CommitStore } from "./commit-store.ts";
import { faultsOf } from "./faults.ts";
import { judgeRows } from "./judge-rows.ts";
import { SimulatedMember } from "./member.ts";
import type { MemberOptions } from "./member-options.ts";
import { SimulatedWarehouse } from "./warehouse.ts";
import { World } from "./world.ts";

const PARTITIONS = 5;
const MEMBERS_MAX = 3;
const BATCHES_PER_SECOND = 12;
const END_MS = 60_000;
const SLOW_READ_SHARE = 0.5;

export interface SimulationOptions {
  seed: number;
  /** Tokens that the table remembers. */
  windowTokens: number;
  fenceMs: number;
  /** Faults and new records end then; afterwards everything must be stored. */
  calmMs: number;
  /** Longest time for which a process is stopped. */
  stopMsMax: number;
  /** About how often something happens, ms. */
  faultEveryMs: number;
  /** Members that join together find different commits (broker.ts), and some are held up before they act on them. */
  isDivided: boolean;
  /** Faults of the protocol, to show that each of them is found (member.ts). */
  faults?: { [Fault in keyof typeof noFaults]?: boolean };
}

const noFaults = {
  forgetsIntents: false,
  ignoresDeadlines: false,
  acknowledgesEarly: false,
  concludesFromAbsence: false,
  reorders: false,
  judgesAnew: false,
  joinsOnce: false,
  saysTheSame: false,
  sendsAfterTheEnd: false,
  repeatsUnanswered: false,
  staysInBundle: false,
  looksOnce: false,
} satisfies Partial<MemberOptions>;

export interface SimulationResult {
  seed: number;
  /** Records that are not in the table, and rows beyond one per record. */
  missing: number;
  duplicate: number;
  /** Whether the group committed the log ends. */
  isDone: boolean;
  records: number;
  faults: Record<string, number>;
  staleBundles: number;
  /** Bundles that were put together again; that one partition said was stored; of which no one could know. */
  recovered: Record<Recovery["kind"], number>;
  inserts: number;
  repeated: number;
  late: number;
  /** Commits that had to find the coordinator first; that came after their sender had lost the connection. */
  lookUps: number;
  lateCommits: number;
  /** Joins that were given the generation that the member had. */
  sameGenerations: number;
}

/**
 * One schedule: ingesters in one consumer group, killed, stopped, added and taken away at random and at chosen steps of
 * the delivery, over a network that loses answers; then calm, until everything is committed.
 */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const world = new World(options.seed);
  const { random } = world;
  const { calmMs, faultEveryMs, isDivided } = options;
  const broker = new SimulatedBroker(world, PARTITIONS, new CommitStore(world, isDivided));
  const warehouse = new SimulatedWarehouse(world, options.windowTokens);
  const faults: Record<string, number> = {};
  let staleBundles = 0;
  const recovered = { repeat: 0, stored: 0, unknown: 0 };
  let lookUps = 0;
  let stopped = 0;
  let members: SimulatedMember[] = [];

  const start = () => {
    const { fenceMs } = options;
    const onStaleBundle = () => {
      staleBundles += 1;
    };
    const onRecovery = (kind: Recovery["kind"]) => {
      recovered[kind] += 1;
    };
    const onLookUp = () => {
      lookUps += 1;
    };
    const protocol = { ...noFaults, ...options.faults, slowReadShare: isDivided ? SLOW_READ_SHARE : 0 };
    members.push(
      new SimulatedMember({ world, broker, warehouse, fenceMs, onStaleBundle, onRecovery, onLookUp, ...protocol }),
    );
  };
  const inflict = faultsOf({
    ...{ world, broker, warehouse, partitions: PARTITIONS, membersMax: MEMBERS_MAX, stopMsMax: options.stopMsMax },
    members: () => members,
    start,
    remove(member) {
      members = members.filter((other) => other !== member);
    },
    onStopped(change) {
      stopped += change;
    },
  });
  const names = Object.keys(inflict);
  const injure = () => {
    if (world.nowMs > calmMs) return;
    const name = names[random.between(0, names.length - 1)]!;
    const member = members[random.between(0, members.length - 1)];
    if (member !== undefined && !member.life.isStopped) {
      inflict[name]!(member);
      faults[name] = (faults[name] ?? 0) + 1;
    }
    world.after(random.between(0, 2 * faultEveryMs), injure);
  };

  for (let batch = 0; batch < (calmMs / 1_000) * BATCHES_PER_SECOND; batch += 1) {
    world.after(random.between(0, calmMs), () => broker.produce(random.between(0, PARTITIONS - 1)));
  }
  for (let count = random.between(1, MEMBERS_MAX); count > 0; count -= 1) start();
  broker.watch();
  world.after(random.between(0, faultEveryMs), injure);
  const isCommitted = () => world.nowMs > calmMs && stopped === 0 && broker.isRead;
  const isDone = await world.run(isCommitted, END_MS + 2 * options.stopMsMax);
  // Whoever was late may still come.
  await world.run(() => false, world.nowMs + options.stopMsMax);
  return { ...judge(broker, warehouse), seed: options.seed, isDone, faults, staleBundles, recovered, lookUps };
}

function judge(broker: SimulatedBroker, warehouse: SimulatedWarehouse) {
  const { inserts, repeated, late } = warehouse;
  const { lateCommits, sameGenerations } = broker;
  return { ...judgeRows(broker.logs, warehouse.rows), inserts, repeated, late, lateCommits, sameGenerations };
}
