import { setTimeout as sleep } from "node:timers/promises";
import type { Admin } from "kafkajs";
import { readOffsets } from "../../../clients/kafka/offsets.ts";
import { ingesters } from "../rig.ts";
import { LagFigures } from "./lag-figures.ts";

const POLL_MS = 250;
const STABLE = "Stable";

/** Follows the committed offsets of the group: what it shows lags behind intake by the time of an insert and a commit. */
export interface LagWatch {
  /** Since the start or the last reset. */
  readonly figures: LagFigures;
  reset(): void;
  stop(): Promise<void>;
}

export function watchLag(admin: Admin): LagWatch {
  let figures = new LagFigures();
  let isStopped = false;
  const running = (async () => {
    while (!isStopped) {
      const atMs = Date.now();
      const offsets = await readOffsets(admin, ingesters.id, ingesters.topics).catch(() => undefined);
      if (offsets !== undefined) figures.note(offsets, atMs);
      await sleep(POLL_MS);
    }
  })();
  return {
    get figures() {
      return figures;
    },
    reset() {
      figures = new LagFigures();
    },
    async stop() {
      isStopped = true;
      await running;
    },
  };
}

export interface GroupView {
  state: string;
  members: string[];
}

export async function readGroup(admin: Admin): Promise<GroupView> {
  const { groups } = await admin.describeGroups([ingesters.id]);
  const group = groups[0]!;
  return { state: group.state, members: group.members.map(({ memberId }) => memberId).sort() };
}

/** Waits until the group is stable with so many members. @throws Error with what it was last, after `timeoutMs`. */
export async function untilStable(
  admin: Admin,
  memberCount: number,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  let last: GroupView | undefined;
  for (const deadlineMs = Date.now() + timeoutMs; Date.now() < deadlineMs; await sleep(POLL_MS)) {
    signal.throwIfAborted();
    last = await readGroup(admin).catch(() => last);
    if (last?.state === STABLE && last.members.length === memberCount) return;
  }
  throw new Error(
    `The group was not stable with ${memberCount} members within ${timeoutMs / 1_000} s: ` +
      `${last?.state ?? "unknown"}, ${last?.members.length ?? "?"} members`,
  );
}

/** Looks at the group again and again, and counts what is not as at the start: other members, or not stable. */
export interface GroupWatch {
  readonly looks: number;
  /** One line for each change, with the time since the start. */
  readonly changes: string[];
  stop(): Promise<void>;
}

export async function watchGroup(admin: Admin): Promise<GroupWatch> {
  const first = await readGroup(admin);
  const startedMs = Date.now();
  const changes: string[] = [];
  let looks = 0;
  let last = JSON.stringify(first);
  let isStopped = false;
  const running = (async () => {
    while (!isStopped) {
      const now = await readGroup(admin).catch(() => undefined);
      if (now !== undefined) {
        looks += 1;
        const text = JSON.stringify(now);
        if (text !== last) {
          const seconds = ((Date.now() - startedMs) / 1_000).toFixed(1);
          changes.push(`after ${seconds} s: ${now.state}, members ${now.members.join(", ")}`);
        }
        last = text;
      }
      await sleep(POLL_MS);
    }
  })();
  return {
    get looks() {
      return looks;
    },
    changes,
    async stop() {
      isStopped = true;
      await running;
    },
  };
}
