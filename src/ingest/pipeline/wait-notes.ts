import type { Clock } from "../../core/clock.ts";
import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";

/** Short waits are how a busy table slows its pipeline down. */
const FIRST_MS = 10_000;
const AGAIN_MS = 60_000;
const PARTITIONS_SHOWN = 5;

/** Tells, now and then, that bundles of a plan wait until commits may name them: nothing else would say why it stands still. */
export class WaitNotes {
  readonly #clock: Clock;
  readonly #warn: (planKey: string, text: string) => void;
  readonly #plans = new Map<string, { waiting: Map<object, readonly TopicPartition[]>; cancel: () => void }>();

  constructor(clock: Clock, warn: (planKey: string, text: string) => void) {
    this.#clock = clock;
    this.#warn = warn;
  }

  /** @param behind the partitions that the bundle waits for; undefined: it waits no more */
  note(planKey: string, bundle: object, behind: readonly TopicPartition[] | undefined): void {
    const plan = this.#plans.get(planKey) ?? { waiting: new Map(), cancel: this.#tellAfter(FIRST_MS, planKey) };
    this.#plans.set(planKey, plan);
    if (behind !== undefined) plan.waiting.set(bundle, behind);
    else plan.waiting.delete(bundle);
    if (plan.waiting.size > 0) return;
    plan.cancel();
    this.#plans.delete(planKey);
  }

  #tellAfter(delayMs: number, planKey: string): () => void {
    return this.#clock.after(delayMs, () => {
      const plan = this.#plans.get(planKey)!;
      plan.cancel = this.#tellAfter(AGAIN_MS, planKey);
      // Those of the first: what comes later waits behind that, too.
      const [behind] = plan.waiting.values();
      this.#warn(planKey, waitText(plan.waiting.size, behind!));
    });
  }
}

function waitText(count: number, behind: readonly TopicPartition[]): string {
  const shown = behind.slice(0, PARTITIONS_SHOWN).map(partitionKey).join(", ");
  const more = behind.length > PARTITIONS_SHOWN ? ` and ${behind.length - PARTITIONS_SHOWN} more` : "";
  const reason =
    behind.length > 0
      ? `ranges before them are not stored yet, of ${shown}${more}`
      : "the group's commit has no room for more ranges of this pipeline until earlier ones are stored";
  return `inserts wait (${count}): ${reason}. Earlier lines say what these wait for`;
}
