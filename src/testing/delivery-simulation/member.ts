import { BufferPool } from "../../core/buffer-pool.ts";
import type { CommitOffset } from "../../core/partition-offsets.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import { partitionKey } from "../../core/topic-partition.ts";
import { Epoch } from "../../ingest/commit/epoch.ts";
import { ByteBudget } from "../../ingest/dispatch/byte-budget.ts";
import { createDispatcher, type Dispatcher } from "../../ingest/dispatch/dispatcher.ts";
import { asAssigned, fetchStarts } from "../../ingest/pipeline/assignment.ts";
import { type DeliveryStep, deliverySteps } from "../../ingest/pipeline/delivery-steps.ts";
import { drainEpoch } from "../../ingest/pipeline/drain-epoch.ts";
import { Flights } from "../../ingest/pipeline/flights.ts";
import { bundlesInDoubt, planRecovery } from "../../ingest/pipeline/recovery-plan.ts";
import { HEARTBEAT_MS, SESSION_TIMEOUT_MS, topicOf, Unanswered } from "./broker.ts";
import { groupSeen, readGroup } from "./group-reader.ts";
import type { Ambush, MemberOptions } from "./member-options.ts";
import { PLAN, SimulatedDelivery } from "./simulated-delivery.ts";
import { Life, type World } from "./world.ts";

const BATCH_BYTES = 10;
const NO_BYTES = new Uint8Array(BATCH_BYTES);
const FLIGHTS_MAX = 4;
/** How often a commit has to find the coordinator first, and how long kafkajs then takes with its back-off, ms. */
const LOOK_UP_SHARE = 0.05;
const LOOK_UP_MS = [100, 900] as const;
/** One for all simulations of the process: a fresh buffer for each range would be most of their cost. */
const buffers = new BufferPool(() => 16 << 20);

/**
 * One ingester: the real dispatcher, epoch, committer, ledger and delivery; a source and a sink that behave as the real
 * ones do towards them.
 */
export class SimulatedMember {
  readonly life: Life;
  ambush: Ambush | undefined;
  readonly #options: MemberOptions;
  readonly #dispatcher: Dispatcher;
  readonly #budget: ByteBudget;
  readonly #flights: Flights;
  readonly #delivery: SimulatedDelivery;
  #id: number;
  #joins = 0;
  #joining: Promise<void> | undefined;
  #epoch: Epoch | undefined;
  #generation = 0;
  #paused = false;
  /** By partition: where the next fetch begins. */
  readonly #fetchOffsets = new Map<number, number>();

  constructor(options: MemberOptions) {
    this.#options = options;
    const { world, broker } = options;
    this.life = new Life(world);
    this.#id = broker.register();
    const { random } = world;
    const limits = {
      rows: random.between(5, 60),
      bytes: random.between(20, 200),
      intervalMs: random.between(100, 400),
      members: random.between(2, 6),
    };
    this.#flights = new Flights(() => this.#dispatcher.cutDue());
    const highBytes = limits.bytes * 2;
    this.#budget = new ByteBudget({
      highBytes,
      lowBytes: limits.bytes,
      onPause: () => {
        this.#paused = true;
      },
      onResume: () => {
        this.#paused = false;
      },
    });
    this.#dispatcher = createDispatcher({
      limits,
      budget: this.#budget,
      buffers,
      clock: this.life,
      wallMs: () => Math.floor(this.life.nowMs()),
      planKeyOf: () => PLAN,
      hasRoom: () => this.#flights.count < FLIGHTS_MAX,
      onCut: (bundle) => this.#flights.add(this.#delivery.deliver(this.#epoch, bundle)),
    });
    this.#delivery = new SimulatedDelivery({
      ...{ ...options, life: this.life, budget: this.#budget, buffers },
      onStep: (step) => this.#step(step),
    });
    void this.#join();
    this.#fetchAll();
    this.#heartbeat();
  }

  kill(): void {
    this.life.kill();
  }

  /** As SIGTERM: drains, commits, leaves. */
  async leave(): Promise<void> {
    await this.#endEpoch();
    this.#options.broker.leave(this.#id);
    this.life.kill();
  }

  /** Joins the group anew: because it is told so, or of itself when a partition's leader has moved or a topic is gone. */
  async joinAnew(): Promise<void> {
    if (!this.#options.joinsOnce) await this.#join();
  }

  #join(): Promise<void> {
    this.#joining ??= this.#joinOnce().finally(() => {
      this.#joining = undefined;
    });
    return this.#joining;
  }

  async #joinOnce(): Promise<void> {
    const { broker, warehouse, saysTheSame } = this.#options;
    await this.#endEpoch();
    this.#joins += 1;
    const { generation, partitions } = await broker.join(this.life, this.#id, saysTheSame ? 0 : this.#joins);
    // Between the assignment and its first commit another generation may begin.
    await this.life.arrival(this.#options.world.latencyMs());
    const group = groupSeen(this.#options, partitions);
    const inDoubt = bundlesInDoubt(group);
    const assigned = partitions.map((partition) => {
      const topic = topicOf(partition);
      const inFlight = group.find((commits) => commits.topic === topic) ?? { intents: [], marks: [] };
      const offset = broker.committed.get(partition)?.offset ?? 0;
      return asAssigned({ topic, partition, offset }, inFlight, inDoubt);
    });
    const starts = fetchStarts(assigned);
    for (const at of assigned) this.#fetchOffsets.set(at.partition, starts.get(partitionKey(at)) ?? at.offset);
    for (const partition of this.#fetchOffsets.keys()) {
      if (!partitions.includes(partition)) this.#fetchOffsets.delete(partition);
    }
    this.#generation = generation;
    const epoch = new Epoch({
      ...{ partitions: assigned, planKeyOf: () => PLAN },
      clock: this.life,
      fenceMs: this.#options.fenceMs,
      clickHouseOffset: async () => ({ offsetMs: warehouse.offsetFor(this.life), measuredMs: 0 }),
      commit: (offsets, check) =>
        this.#commit(generation, offsets, check, () => {
          if (this.#epoch === epoch) this.#joinSoon();
        }),
      onCommitError: () => {},
      onCommit: (when) => this.#step(when),
    });
    this.#epoch = epoch;
    this.#dispatcher.assign(
      partitions.map((partition) => ({
        ...{ topic: topicOf(partition), partition },
        offset: this.#fetchOffsets.get(partition)!,
      })),
    );
    const recoveries = planRecovery(assigned, group, () => PLAN);
    if (recoveries.length === 0) return;
    const look = () => readGroup(this.#options, this.life);
    this.#flights.add(this.#delivery.recover(epoch, generation, recoveries, look));
  }

  /** As src/ingest/source/membership.ts; but who has lost a topic that was deleted joins in his own time (faults.ts). */
  async #commit(generation: number, offsets: CommitOffset[], check: () => void, onOver: () => void) {
    const { world, broker, sendsAfterTheEnd, repeatsUnanswered } = this.#options;
    if (world.chance(LOOK_UP_SHARE)) {
      this.#options.onLookUp();
      await this.life.arrival(world.random.between(...LOOK_UP_MS));
    }
    if (!sendsAfterTheEnd) check();
    try {
      const unknown = await broker.commit(this.life, this.#id, generation, offsets);
      if (unknown.some(({ partition }) => !broker.logs[partition]!.isDeleted)) onOver();
      return unknown;
    } catch (error) {
      if (error instanceof Unanswered && repeatsUnanswered) throw error;
      onOver();
      if (error instanceof StaleOwner) throw error;
      throw new StaleOwner("a commit was not answered", { cause: error });
    }
  }

  /** At its next fetch. */
  #joinSoon(): void {
    this.life.after(this.#options.world.random.between(0, 50), () => void this.joinAnew());
  }

  async #endEpoch(): Promise<void> {
    const ending = this.#epoch;
    if (ending === undefined) return;
    this.#dispatcher.assign([]);
    await drainEpoch(ending, this.#flights, this.life, SESSION_TIMEOUT_MS / 3);
    this.#epoch = undefined;
  }

  #heartbeat(): void {
    this.life.after(HEARTBEAT_MS, async () => {
      if (this.#epoch !== undefined) {
        const answer = await this.#options.broker.heartbeat(this.life, this.#id, this.#generation);
        if (answer === "rejoin" && this.#epoch !== undefined) await this.joinAnew();
      }
      this.#heartbeat();
    });
  }

  #fetchAll(): void {
    this.life.after(this.#options.world.random.between(20, 100), () => {
      if (!this.#paused) for (const partition of this.#fetchOffsets.keys()) this.#fetch(partition);
      this.#fetchAll();
    });
  }

  #fetch(partition: number): void {
    const { world, broker } = this.#options;
    const fetchOffset = this.#fetchOffsets.get(partition);
    const epoch = this.#epoch;
    if (fetchOffset === undefined || epoch === undefined) return;
    this.life.after(world.latencyMs(), () => {
      if (epoch !== this.#epoch || this.#fetchOffsets.get(partition) !== fetchOffset) return;
      const { batches, isDeleted } = broker.logs[partition]!;
      if (isDeleted) return;
      const at = { topic: topicOf(partition), partition };
      const logStart = broker.logStart(partition);
      if (fetchOffset < logStart) {
        this.#dispatcher.loseTo(at, logStart);
        this.#fetchOffsets.set(partition, logStart);
        return;
      }
      let from = fetchOffset;
      for (const { baseOffset, lastOffset } of batches.filter((batch) => batch.lastOffset >= fetchOffset).slice(0, 5)) {
        const offsets = { fetchOffset: from, baseOffset, lastOffset, recordCount: lastOffset - baseOffset + 1 };
        const batch = { ...at, ...offsets, receivedMs: this.life.nowMs(), bytes: NO_BYTES };
        from = this.#dispatcher.accept(batch) ?? lastOffset + 1;
      }
      this.#fetchOffsets.set(partition, from);
      if (world.random.fraction() < 0.2) this.#dispatcher.cutCaughtUp(50); // right or wrong
    });
  }

  #step(step: DeliveryStep): void {
    const { ambush } = this;
    if (ambush === undefined || ambush.step !== step) return;
    ambush.count -= 1;
    if (ambush.count > 0) return;
    this.ambush = undefined;
    ambush.act();
  }
}

export function randomStep(world: World): DeliveryStep {
  return deliverySteps[world.random.between(0, deliverySteps.length - 1)]!;
}
