import { SimulatedBroker } from "./broker.ts";
import { judgeRows } from "./judge-rows.ts";
import { type MemberOptions, randomStep, SimulatedMember } from "./member.ts";
import { SimulatedWarehouse } from "./warehouse.ts";
import { World } from "./world.ts";

const PARTITIONS = 2;
const MEMBERS_MAX = 3;
const BATCHES_PER_SECOND = 12;
const FAULT_EVERY_MS = 200;
const END_MS = 60_000;

export interface SimulationOptions {
  seed: number;
  /** Tokens that the table remembers. */
  windowTokens: number;
  fenceMs: number;
  /** Faults and new records end then; afterwards everything must be stored. */
  calmMs: number;
  /** Longest time for which a process is stopped. */
  stopMsMax: number;
  /** Faults of the protocol, to show that each of them is found (member.ts). */
  faults?: { [Fault in keyof typeof noFaults]?: boolean };
}

const noFaults = {
  forgetsIntents: false,
  acknowledgesEarly: false,
  joinsOnce: false,
  saysTheSame: false,
  sendsAfterTheEnd: false,
  repeatsUnanswered: false,
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
  staleRanges: number;
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
  const { calmMs } = options;
  const broker = new SimulatedBroker(world, PARTITIONS);
  const warehouse = new SimulatedWarehouse(world, options.windowTokens);
  const faults: Record<string, number> = {};
  let staleRanges = 0;
  let lookUps = 0;
  let stopped = 0;
  let members: SimulatedMember[] = [];

  const start = () => {
    const { fenceMs } = options;
    const onStaleRange = () => {
      staleRanges += 1;
    };
    const onLookUp = () => {
      lookUps += 1;
    };
    const protocol = { ...noFaults, ...options.faults };
    members.push(new SimulatedMember({ world, broker, warehouse, fenceMs, onStaleRange, onLookUp, ...protocol }));
  };
  const kill = (member: SimulatedMember) => {
    member.kill();
    members = members.filter((other) => other !== member);
    world.after(random.between(0, 500), start);
  };
  const stop = (member: SimulatedMember) => {
    member.life.stop();
    stopped += 1;
    world.after(random.between(20, options.stopMsMax), () => {
      member.life.resume();
      stopped -= 1;
    });
  };
  const faultsOf: Record<string, (member: SimulatedMember) => void> = {
    kill,
    stop,
    killAtStep(member) {
      member.ambush = { step: randomStep(world), count: random.between(1, 4), act: () => kill(member) };
    },
    stopAtStep(member) {
      member.ambush = { step: randomStep(world), count: random.between(1, 4), act: () => stop(member) };
    },
    leave(member) {
      members = members.filter((other) => other !== member);
      void member.leave();
      world.after(random.between(0, 500), start);
    },
    join() {
      if (members.length < MEMBERS_MAX) start();
    },
    leaderMove(member) {
      void member.joinAnew();
    },
    outage() {
      warehouse.downUntilMs = world.nowMs + random.between(50, 800);
    },
  };
  const names = Object.keys(faultsOf);
  const injure = () => {
    if (world.nowMs > calmMs) return;
    const name = names[random.between(0, names.length - 1)]!;
    const member = members[random.between(0, members.length - 1)];
    if (member !== undefined && !member.life.isStopped) {
      faultsOf[name]!(member);
      faults[name] = (faults[name] ?? 0) + 1;
    }
    world.after(random.between(0, 2 * FAULT_EVERY_MS), injure);
  };

  for (let batch = 0; batch < (calmMs / 1_000) * BATCHES_PER_SECOND; batch += 1) {
    world.after(random.between(0, calmMs), () => broker.produce(random.between(0, PARTITIONS - 1)));
  }
  for (let count = random.between(1, MEMBERS_MAX); count > 0; count -= 1) start();
  broker.watch();
  world.after(random.between(0, FAULT_EVERY_MS), injure);
  const isCommitted = () =>
    world.nowMs > calmMs &&
    stopped === 0 &&
    broker.logs.every(({ end }, partition) => end === 0 || broker.committed.get(partition)?.offset === end);
  const isDone = await world.run(isCommitted, END_MS + 2 * options.stopMsMax);
  // Whoever was late may still come.
  await world.run(() => false, world.nowMs + options.stopMsMax);
  return { ...judge(broker, warehouse), seed: options.seed, isDone, faults, staleRanges, lookUps };
}

function judge(broker: SimulatedBroker, warehouse: SimulatedWarehouse) {
  const { inserts, repeated, late } = warehouse;
  const { lateCommits, sameGenerations } = broker;
  return { ...judgeRows(broker.logs, warehouse.rows), inserts, repeated, late, lateCommits, sameGenerations };
}
