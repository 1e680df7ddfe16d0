import type { World } from "./world.ts";

export interface StoredCommit {
  offset: number;
  metadata: string;
}

/** In how many generations a partition's commits are out of sight while members read them, and about how long. */
const HIDDEN_SHARE = 0.3;
const SIGHT_MS = 15;
/** How often the coordinator loses sight of a partition that is committed, and for how long it takes no commit of it then. */
const LOSS_SHARE = 0.01;
const LOSS_MS = [10, 300] as const;

/** What the group has committed, by partition, and what of it a member is shown that asks. */
export class CommitStore {
  readonly #world: World;
  readonly #changesAtJoins: boolean;
  readonly #committed = new Map<number, StoredCommit>();
  /** Of topics that are deleted, with commits that are not. */
  readonly #deleted: number[] = [];
  readonly #hidden = new Set<number>();
  readonly #lost = new Set<number>();

  /**
   * `changesAtJoins`: commits go, or are out of sight, while members read them after a join, and the coordinator loses sight
   * of partitions.
   */
  constructor(world: World, changesAtJoins: boolean) {
    this.#world = world;
    this.#changesAtJoins = changesAtJoins;
  }

  set(partition: number, commit: StoredCommit): void {
    this.#committed.set(partition, commit);
  }

  get(partition: number): StoredCommit | undefined {
    return this.#committed.get(partition);
  }

  /** The partition's topic is deleted. */
  delete(partition: number): void {
    if (this.#changesAtJoins) this.#deleted.push(partition);
    else this.#committed.delete(partition);
  }

  /** Whether the coordinator says of the partition that it does not know it, and goes on listing what was committed before. */
  isLost(partition: number): boolean {
    if (this.#lost.has(partition)) return true;
    if (!this.#changesAtJoins || !this.#world.chance(LOSS_SHARE)) return false;
    this.#lost.add(partition);
    this.#world.after(this.#world.random.between(...LOSS_MS), () => this.#lost.delete(partition));
    return true;
  }

  /** What a member reads that asks now for all; of its own partitions it is told in any case. */
  seen(own: readonly number[]): [partition: number, commit: StoredCommit][] {
    return [...this.#committed].filter(([partition]) => own.includes(partition) || !this.#hidden.has(partition));
  }

  /** A generation has begun, and its members read the commits of `partitions` partitions. */
  generationBegins(partitions: number): void {
    if (!this.#changesAtJoins) return;
    const world = this.#world;
    const soonMs = () => world.random.between(0, SIGHT_MS);
    for (const partition of this.#deleted.splice(0)) world.after(soonMs(), () => this.#committed.delete(partition));
    if (!world.chance(HIDDEN_SHARE)) return;
    const partition = world.random.between(0, partitions - 1);
    world.after(soonMs(), () => this.#hidden.add(partition));
    world.after(SIGHT_MS + soonMs(), () => this.#hidden.delete(partition));
  }
}
