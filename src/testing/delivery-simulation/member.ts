import { BufferPool } from "../../core/buffer-pool.ts";
import { sleepOn } from "../../core/clock.ts";
import type { CommitOffset } from "../../core/partition-offsets.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import { Epoch } from "../../ingest/commit/epoch.ts";
import { decodeIntents } from "../../ingest/commit/intents.ts";
import type { RawRange } from "../../ingest/dispatch/accumulator.ts";
import { ByteBudget } from "../../ingest/dispatch/byte-budget.ts";
import { createDispatcher, type Dispatcher } from "../../ingest/dispatch/dispatcher.ts";
import { deliverRange } from "../../ingest/pipeline/delivery.ts";
import { type DeliveryStep, deliverySteps } from "../../ingest/pipeline/delivery-steps.ts";
import { drainEpoch } from "../../ingest/pipeline/drain-epoch.ts";
import { Flights } from "../../ingest/pipeline/flights.ts";
import { HEARTBEAT_MS, SESSION_TIMEOUT_MS, type SimulatedBroker, Unanswered } from "./broker.ts";
import type { SimulatedWarehouse } from "./warehouse.ts";
import { Life, type World } from "./world.ts";

const TOPIC = "t";
const BATCH_BYTES = 10;
const NO_BYTES = new Uint8Array(BATCH_BYTES);
const FLIGHTS_MAX = 4;
/** How often a commit has to find the coordinator first, and how long kafkajs then takes with its back-off, ms. */
const LOOK_UP_SHARE = 0.05;
const LOOK_UP_MS = [100, 900] as const;
/** One for all simulations of the process: a fresh buffer for each range would be most of their cost. */
const buffers = new BufferPool(() => 16 << 20);

export interface MemberOptions {
  world: World;
  broker: SimulatedBroker;
  warehouse: SimulatedWarehouse;
  fenceMs: number;
  /** Leaves the intents of the owner before unread: what a client without them does. */
  forgetsIntents: boolean;
  /** Takes an insert for stored when it is sent. */
  acknowledgesEarly: boolean;
  /** Does not join again after a rebalance. */
  joinsOnce: boolean;
  /** Says of itself at each join what it said before: as kafkajs does. */
  saysTheSame: boolean;
  /** Commits that were looking for the coordinator when their epoch ended are sent: as kafkajs does. */
  sendsAfterTheEnd: boolean;
  /** Sends the next commit after one that may still come. */
  repeatsUnanswered: boolean;
  onStaleRange(): void;
  onLookUp(): void;
}

/** An order to end, or to stand still, at the n-th time that a step is reached. */
export interface Ambush {
  step: DeliveryStep;
  count: number;
  act(): void;
}

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
      hasRoom: () => this.#flights.count < FLIGHTS_MAX,
      isBusy: () => this.#flights.count > 0,
      onCut: (range) => this.#flights.add(this.#deliver(range)),
      onStarved: ({ partition }) => this.#fetch(partition),
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

  /** Joins the group anew: because it is told so, or of itself when a partition's leader has moved. */
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
    const assigned = partitions.map((partition) => {
      const committed = broker.committed.get(partition);
      const { intents, marks } = decodeIntents(this.#options.forgetsIntents ? "" : committed?.metadata);
      const offset = committed?.offset ?? 0;
      this.#fetchOffsets.set(partition, offset);
      return { topic: TOPIC, partition, offset, intents, marks };
    });
    for (const partition of this.#fetchOffsets.keys()) {
      if (!partitions.includes(partition)) this.#fetchOffsets.delete(partition);
    }
    this.#generation = generation;
    const epoch = new Epoch({
      partitions: assigned,
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
    this.#dispatcher.assign(assigned);
  }

  /** As src/ingest/source/membership.ts. */
  async #commit(generation: number, offsets: CommitOffset[], check: () => void, onOver: () => void): Promise<[]> {
    const { world, broker, sendsAfterTheEnd, repeatsUnanswered } = this.#options;
    if (world.chance(LOOK_UP_SHARE)) {
      this.#options.onLookUp();
      await this.life.arrival(world.random.between(...LOOK_UP_MS));
    }
    if (!sendsAfterTheEnd) check();
    try {
      await broker.commit(this.life, this.#id, generation, offsets);
      // The simulated broker never loses a topic.
      return [];
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
      const batches = broker.logs[partition]!.batches.filter(({ lastOffset }) => lastOffset >= fetchOffset).slice(0, 5);
      let from = fetchOffset;
      for (const { baseOffset, lastOffset } of batches) {
        const recordCount = lastOffset - baseOffset + 1;
        const receivedMs = this.life.nowMs();
        const at = { topic: TOPIC, partition, fetchOffset: from, baseOffset, lastOffset, recordCount, receivedMs };
        from = this.#dispatcher.accept({ ...at, bytes: NO_BYTES }) ?? lastOffset + 1;
      }
      this.#fetchOffsets.set(partition, from);
    });
  }

  async #deliver(range: RawRange): Promise<void> {
    try {
      if (this.#epoch === undefined) throw new StaleOwner("no partition is assigned");
      await deliverRange(this.#epoch, range, this.#work(range), (step) => this.#step(step));
    } catch (error) {
      if (!(error instanceof StaleOwner)) throw error;
      this.#options.onStaleRange();
    } finally {
      this.#budget.give(range.byteLength);
      for (const buffer of range.buffers) buffers.give(buffer);
    }
  }

  #work(range: RawRange) {
    const { world, warehouse, broker } = this.#options;
    const token = `${range.partition}:${range.firstOffset}-${range.lastOffset}`;
    return {
      prepare: () => this.life.arrival(world.random.between(0, 10)),
      store: async (_: unknown, lease: { deadlineMs(): Promise<number> }) => {
        const keys = recordsOf(broker, range);
        for (;;) {
          const deadlineMs = await lease.deadlineMs();
          try {
            const inserted = warehouse.insert(this.life, token, keys, deadlineMs);
            if (this.#options.acknowledgesEarly) return void inserted.catch(() => {});
            if ((await inserted) === "stored") return;
          } catch {
            await sleepOn(this.life, world.random.between(20, 100));
          }
        }
      },
    };
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

/** The records of a range, as the log has them. */
function recordsOf(broker: SimulatedBroker, { partition, firstOffset, lastOffset }: RawRange): string[] {
  const keys: string[] = [];
  for (const batch of broker.logs[partition]!.batches) {
    for (let offset = batch.baseOffset; offset <= batch.lastOffset; offset += 1) {
      if (offset >= firstOffset && offset <= lastOffset) keys.push(`${partition}:${offset}`);
    }
  }
  return keys;
}

export function randomStep(world: World): DeliveryStep {
  return deliverySteps[world.random.between(0, deliverySteps.length - 1)]!;
}
