import { pauseMs } from "../../core/backoff.ts";
import { type Clock, sleepOn } from "../../core/clock.ts";
import type { Lease } from "../../core/lease.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";
import type { Committer } from "./committer.ts";

/**
 * Whether what is to be inserted may still be inserted, as the group's commits say: asked when the proof is there, before each
 * attempt. Rejects with StaleOwner when not; with anything else when that could not be found out, and is asked again.
 */
export type Confirm = () => Promise<void>;

export interface LeaseTerms {
  clock: Clock;
  /** How long after a proof of ownership an insert may begin, ms. */
  fenceMs: number;
  /** ClickHouse's clock minus `clock`, ms, and when that was measured, in `clock`'s ms. */
  clickHouseOffset(): Promise<{ offsetMs: number; measuredMs: number }>;
}

const ASK_AGAIN = { firstMs: 100, maxMs: 5_000 };

/**
 * The right to insert. An owner that was stopped between its last proof of ownership and the insert (SIGSTOP, a long
 * collection, a frozen machine) wakes up with a deadline that has passed; ClickHouse then writes nothing.
 *
 * The proof must be younger than the measurement of the clocks: a frozen machine's clock may stand still, and what is
 * measured afterwards would carry an old proof over the time that it slept. For the same reason whoever asks again,
 * because the insert came late or failed, gets a new proof. Any partition of a bundle proves it for all: what is looked
 * at is the generation.
 *
 * First the proof, then the look at the commits (`confirm`): what somebody has committed before that look is seen by it, and
 * what he commits later, he commits after the proof; so when the fence and the longest insert have passed since, no insert is
 * left that did not see it. The other way round the proof might be younger than what the look has missed.
 */
export function leaseOf(
  committer: Committer,
  { clock, fenceMs, clickHouseOffset }: LeaseTerms,
  members: readonly TopicPartition[],
  confirm: Confirm | undefined,
): Lease {
  let isAskedAgain = false;
  async function provenDeadlineMs(): Promise<number> {
    committer.check();
    const { offsetMs, measuredMs } = await clickHouseOffset();
    // Half: what is left must do for the upload's first byte to arrive.
    const isOld = clock.nowMs() - committer.provenMs > fenceMs / 2;
    if (isOld || isAskedAgain || committer.provenMs < measuredMs) await committer.prove(members);
    isAskedAgain = true;
    committer.check();
    return Math.floor(committer.provenMs + offsetMs + fenceMs);
  }
  return {
    async deadlineMs() {
      for (let failures = 1; ; failures += 1) {
        const deadlineMs = await provenDeadlineMs();
        if (confirm === undefined) return deadlineMs;
        try {
          await confirm();
          committer.check();
          return deadlineMs;
        } catch (error) {
          if (error instanceof StaleOwner) throw error;
          committer.check();
          await sleepOn(clock, pauseMs(failures, ASK_AGAIN));
        }
      }
    },
  };
}
