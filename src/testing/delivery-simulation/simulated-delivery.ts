import type { BufferPool } from "../../core/buffer-pool.ts";
import { sleepOn } from "../../core/clock.ts";
import type { Lease } from "../../core/lease.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import { bundleIdOf } from "../../ingest/commit/bundle-id.ts";
import type { Epoch } from "../../ingest/commit/epoch.ts";
import type { ByteBudget } from "../../ingest/dispatch/byte-budget.ts";
import type { RawBundle } from "../../ingest/dispatch/raw-bundle.ts";
import { type AnnouncedBundle, type BundleWork, deliverBundle, repeatBundle } from "../../ingest/pipeline/delivery.ts";
import type { DeliveryObserver } from "../../ingest/pipeline/delivery-steps.ts";
import { finishRecovery, type RecoveringOwner, type RecoverySteps } from "../../ingest/pipeline/finish-recovery.ts";
import {
  type AnnouncedRange,
  type PartitionCommits,
  type Recovery,
  recoveryKindOf,
} from "../../ingest/pipeline/recovery-plan.ts";
import { Settling } from "../../ingest/pipeline/settling.ts";
import type { SimulatedBroker } from "./broker.ts";
import type { MemberOptions } from "./member-options.ts";
import type { Life } from "./world.ts";

/** Longer than any latency of the simulated network: then no insert is on its way. */
const INSERT_MS_MAX = 700;
/** Some longer than the fence and the longest insert. */
const SLOW_READ_MS = [500, 4_000] as const;
/** The only plan's key. */
export const PLAN = "p";
/** One record of so many is late by its bundle's judging time, and becomes a dead letter. */
const LATE_EVERY = 5;

export interface SimulatedDeliveryOptions extends MemberOptions {
  life: Life;
  budget: ByteBudget;
  buffers: BufferPool;
  onStep: DeliveryObserver;
}

interface Content {
  ranges: readonly Pick<AnnouncedRange, "topic" | "firstOffset" | "lastOffset">[];
  judgedMs: number;
  absentOnly: boolean;
}

/** The delivery of one ingester: the real protocol, and a sink that behaves as the real one does towards it. */
export class SimulatedDelivery {
  readonly #options: SimulatedDeliveryOptions;
  readonly #settling = new Settling();

  constructor(options: SimulatedDeliveryOptions) {
    this.#options = options;
  }

  async deliver(epoch: Epoch | undefined, bundle: RawBundle): Promise<void> {
    const { budget, buffers, onStep } = this.#options;
    try {
      if (epoch === undefined) throw new StaleOwner("no partition is assigned");
      const { ranges, judgedMs } = bundle;
      await deliverBundle(epoch, bundle, this.#work({ ranges, judgedMs, absentOnly: false }), onStep);
    } catch (error) {
      this.#onError(error);
    } finally {
      budget.give(bundle.byteLength);
      for (const buffer of bundle.buffers) buffers.give(buffer);
    }
  }

  async recover(
    epoch: Epoch,
    generation: number,
    recoveries: readonly Recovery[],
    readGroup: () => Promise<PartitionCommits[]>,
  ): Promise<void> {
    const { life, fenceMs, concludesFromAbsence, looksOnce } = this.#options;
    const steps: RecoverySteps = {
      repeat: (ranges, bundle) => this.#repeat(epoch, ranges, bundle).catch((error) => this.#onError(error)),
      look: async (bundleId) => (looksOnce ? "repeat" : recoveryKindOf(bundleId, await readGroup(), () => PLAN)),
      requireAskable: async () => {},
      settle: (ranges) => {
        const now = life.nowMs();
        return life.arrival(this.#settling.sinceMs(ranges, now) + fenceMs + INSERT_MS_MAX - now);
      },
    };
    const outOfBundles = recoveries.flatMap(({ own }) => own).filter(({ isDoubtful }) => isDoubtful === true);
    this.#settling.begin(generation, outOfBundles, life.nowMs());
    const owner = this.#ownerOf(epoch);
    const finished = recoveries.map((each) => {
      const recovery = concludesFromAbsence && each.kind === "unknown" ? { ...each, kind: "stored" as const } : each;
      this.#options.onRecovery(recovery.kind);
      return finishRecovery(owner, recovery, steps).catch((error) => this.#onError(error));
    });
    await Promise.all(finished);
  }

  #ownerOf(epoch: Epoch): RecoveringOwner {
    if (!this.#options.staysInBundle) return epoch;
    return {
      check: () => epoch.check(),
      replays: (at) => epoch.replays(at),
      acknowledge: (members) => epoch.acknowledge(members),
      withdraw() {},
      announce: async () => {},
    };
  }

  #repeat(epoch: Epoch, ranges: readonly AnnouncedRange[], bundle: AnnouncedBundle): Promise<void> {
    const { reorders, judgesAnew, slowReadShare, world, life, onStep } = this.#options;
    const [{ judgedMs }] = ranges as [AnnouncedRange];
    const { bundleId, isDoubtful: absentOnly } = bundle;
    const id = reorders && bundleId !== undefined ? bundleIdOf([...ranges].reverse(), judgedMs) : bundleId;
    const content = { ranges, judgedMs: judgesAnew ? Math.floor(life.nowMs()) : judgedMs, absentOnly };
    const work = this.#work(content);
    const isSlow = slowReadShare > 0 && bundleId !== undefined && world.chance(slowReadShare);
    const prepare = async () => {
      if (isSlow) await life.arrival(world.random.between(...SLOW_READ_MS));
      if (absentOnly) for (const range of ranges) this.#settling.began(range);
      return work.prepare();
    };
    return repeatBundle(epoch, { ...bundle, bundleId: id }, { ...work, prepare }, onStep);
  }

  #onError(error: unknown): void {
    if (!(error instanceof StaleOwner)) throw error;
    this.#options.onStaleBundle();
  }

  #work({ ranges, judgedMs, absentOnly }: Content): BundleWork<typeof ranges, void> {
    const { world, life, broker } = this.#options;
    return {
      async prepare() {
        await life.arrival(world.random.between(0, 10));
        return ranges;
      },
      leaveOut: async (prepared, gone) => prepared.filter(({ topic }) => !gone.some((at) => at.topic === topic)),
      store: async (prepared, lease, bundleId) => {
        const [{ topic, firstOffset, lastOffset }] = prepared as [(typeof ranges)[number]];
        const token = bundleId ?? `${topic}:${firstOffset}-${lastOffset}`;
        const records = prepared.flatMap((range) => recordsOf(broker, range));
        const isLate = (offset: number) => (offset + judgedMs) % LATE_EVERY === 0;
        const rows = records.filter(({ offset }) => !isLate(offset));
        const deadLetters = records.filter(({ offset }) => isLate(offset));
        await this.#insert(token, rows, absentOnly, lease);
        await this.#insert(`${token}/dead`, deadLetters, absentOnly, lease);
      },
    };
  }

  async #insert(token: string, records: { key: string }[], absentOnly: boolean, lease: Lease): Promise<void> {
    const { world, life, warehouse, acknowledgesEarly, ignoresDeadlines } = this.#options;
    if (records.length === 0) return;
    const keys = records.map(({ key }) => key);
    for (;;) {
      const provenMs = await lease.deadlineMs();
      const deadlineMs = ignoresDeadlines ? Number.POSITIVE_INFINITY : provenMs;
      try {
        const inserted = warehouse.insert(life, { token, keys, deadlineMs, absentOnly });
        if (acknowledgesEarly) return void inserted.catch(() => {});
        if ((await inserted) === "stored") return;
      } catch {
        await sleepOn(life, world.random.between(20, 100));
      }
    }
  }
}

/** The records of a range, as far as the log still has them. */
function recordsOf(broker: SimulatedBroker, { topic, firstOffset, lastOffset }: Content["ranges"][number]) {
  const partition = Number(topic.slice(1));
  const records: { key: string; offset: number }[] = [];
  for (const batch of broker.logs[partition]!.batches) {
    if (batch.isGone) continue;
    for (let offset = batch.baseOffset; offset <= batch.lastOffset; offset += 1) {
      if (offset >= firstOffset && offset <= lastOffset) records.push({ key: `${partition}:${offset}`, offset });
    }
  }
  return records;
}
