import type { Clock } from "../../core/clock.ts";
import { Random } from "../../simulator/random.ts";

/** Callbacks ready in one instant run their promises so far before the next event; what is longer runs beside it. */
const MICROTASKS_PER_EVENT = 5;

/** Where the clocks stand when a simulation begins, ms since 1970. */
const EPOCH_MS = 1_767_225_600_000;

interface Event {
  atMs: number;
  /** Events of one instant run in the order of their making. */
  order: number;
  run(): void;
}

/** Virtual time and seeded chance: everything that happens in a simulation is an event here. */
export class World {
  readonly random: Random;
  nowMs = 0;
  events = 0;
  readonly #heap: Event[] = [];

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  after(delayMs: number, run: () => void): Event {
    const event = { atMs: this.nowMs + Math.max(0, delayMs), order: this.events, run };
    this.events += 1;
    this.#heap.push(event);
    let at = this.#heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, this.#heap[parent]!)) break;
      this.#heap[at] = this.#heap[parent]!;
      at = parent;
    }
    this.#heap[at] = event;
    return event;
  }

  /** A network's or a disk's time, ms: short as a rule, long now and then. */
  latencyMs(): number {
    const { random } = this;
    return random.fraction() < 0.05 ? random.between(20, 300) : random.between(1, 10);
  }

  chance(share: number): boolean {
    return this.random.fraction() < share;
  }

  /** Runs events until `isDone`, or until `endMs` has come. Returns whether it was done. */
  async run(isDone: () => boolean, endMs: number): Promise<boolean> {
    while (!isDone()) {
      const [next] = this.#heap;
      if (next === undefined || next.atMs > endMs) return false;
      const event = this.#take()!;
      this.nowMs = event.atMs;
      event.run();
      for (let turn = 0; turn < MICROTASKS_PER_EVENT; turn += 1) await undefined;
    }
    return true;
  }

  #take(): Event | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/**
 * The life of one process: what it has asked for arrives only while it lives. Stopped (SIGSTOP), it gets everything at
 * once when it goes on; killed, never.
 */
export class Life implements Clock {
  readonly world: World;
  isDead = false;
  #stopped: (() => void)[] | undefined;
  readonly #skewMs: number;

  constructor(world: World) {
    this.world = world;
    this.#skewMs = EPOCH_MS + world.random.between(-500, 500);
  }

  nowMs(): number {
    return this.world.nowMs + this.#skewMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    let isCancelled = false;
    const arrive = () => {
      if (this.isDead || isCancelled) return;
      if (this.#stopped === undefined) callback();
      else this.#stopped.push(arrive);
    };
    this.world.after(delayMs, arrive);
    return () => {
      isCancelled = true;
    };
  }

  /** What comes over the network after `delayMs`. */
  arrival(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  kill(): void {
    this.isDead = true;
    this.#stopped = undefined;
  }

  stop(): void {
    this.#stopped ??= [];
  }

  resume(): void {
    const waiting = this.#stopped ?? [];
    this.#stopped = undefined;
    for (const arrive of waiting) this.world.after(0, arrive);
  }

  get isStopped(): boolean {
    return this.#stopped !== undefined;
  }
}
