import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../core/clock.ts";
import type { CommitOffset } from "../../core/partition-offsets.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";
import { Committer } from "./committer.ts";
import { type LedgerRange, PartitionLedger } from "./ledger.ts";

interface Gate {
  accept(unknown?: TopicPartition[]): void;
  refuse(error: Error): void;
}

const at = (partition: number): TopicPartition => ({ topic: "t", partition });

describe("Committer", () => {
  let sent: CommitOffset[][];
  let gates: Gate[];
  let errors: unknown[];
  let committer: Committer;
  let ledgers: PartitionLedger[];

  beforeEach(() => {
    vi.useFakeTimers();
    sent = [];
    gates = [];
    errors = [];
    committer = new Committer({
      clock: systemClock,
      commit(offsets) {
        sent.push(offsets);
        return new Promise((resolve, refuse) => gates.push({ accept: (unknown = []) => resolve(unknown), refuse }));
      },
      onError: (error) => errors.push(error),
    });
    ledgers = [0, 1].map((partition) => {
      const ledger = new PartitionLedger(0);
      committer.add(at(partition), ledger, "plan");
      return ledger;
    });
  });
  afterEach(() => vi.useRealTimers());

  const announce = (partition: number, range: LedgerRange) => committer.announce([{ at: at(partition), range }]);
  const settle = () => vi.advanceTimersByTimeAsync(0);
  const offsetsOf = (commit: CommitOffset[] | undefined) => commit?.map(({ offset }) => offset);

  it("resolves an announcement only when the commit that names the range is acknowledged", async () => {
    const range = ledgers[0]!.open(0, 9, 1);
    let announced = false;
    void announce(0, range).then(() => {
      announced = true;
    });
    await settle();
    expect(sent).toEqual([[{ topic: "t", partition: 0, offset: 0, metadata: "m2 0-9@1" }]]);
    expect(announced).toBe(false);
    gates[0]!.accept();
    await settle();
    expect(announced).toBe(true);
  });

  it("lets go of a partition that the coordinator does not know, and goes on with the others", async () => {
    void announce(1, ledgers[1]!.open(0, 4, 1));
    await settle();
    const [gone, stays] = [ledgers[0]!.open(0, 9, 1), ledgers[1]!.open(5, 9, 1)];
    const refused = announce(0, gone).catch((error) => error);
    const announced = announce(1, stays);
    gates[0]!.accept();
    await settle();
    expect(sent[1]).toHaveLength(2);
    gates[1]!.accept([{ topic: "t", partition: 0 }]);
    await announced;
    expect(await refused).toBeInstanceOf(StaleOwner);
    expect(gone.announced).toBe(false);
    committer.note(at(0));
    committer.note(at(1));
    const flushed = committer.flush();
    await settle();
    expect(sent[2]?.map(({ partition }) => partition)).toEqual([1]);
    gates[2]!.accept();
    await flushed;
    expect(errors).toEqual([]);
  });

  it("proves nothing by a commit of which no partition was taken: the generation was not looked at", async () => {
    await vi.advanceTimersByTimeAsync(5_000);
    const proven = committer.prove([at(0)]).catch((error) => error);
    await settle();
    gates[0]!.accept([{ topic: "t", partition: 0 }]);
    expect(await proven).toBeInstanceOf(StaleOwner);
    expect(committer.provenMs).toBe(Number.NEGATIVE_INFINITY);
    expect(await committer.prove([at(0)]).catch((error) => error)).toBeInstanceOf(StaleOwner);
    expect(sent).toHaveLength(1);
  });

  it("keeps one commit in flight; what comes meanwhile goes with the next, progress and intents together", async () => {
    const first = ledgers[0]!.open(0, 9, 1);
    void announce(0, first);
    await settle();
    const second = ledgers[0]!.open(10, 19, 1);
    void announce(0, second);
    ledgers[0]!.markDurable(first);
    committer.note(at(0));
    void announce(1, ledgers[1]!.open(0, 4, 2));
    await settle();
    expect(sent).toHaveLength(1);
    gates[0]!.accept();
    await settle();
    expect(sent[1]).toEqual([
      { topic: "t", partition: 0, offset: 10, metadata: "m2 10-19@1" },
      { topic: "t", partition: 1, offset: 0, metadata: "m2 0-4@2" },
    ]);
  });

  it("commits progress that no intent takes along after a short while", async () => {
    const range = ledgers[0]!.open(0, 9, 1);
    void announce(0, range);
    await settle();
    gates[0]!.accept();
    await settle();
    ledgers[0]!.markDurable(range);
    committer.note(at(0));
    await settle();
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(60);
    expect(offsetsOf(sent[1])).toEqual([10]);
  });

  it("repeats a failed commit with what is true by then, and announces nothing before", async () => {
    const range = ledgers[0]!.open(0, 9, 1);
    let announced = false;
    void announce(0, range).then(() => {
      announced = true;
    });
    await settle();
    void announce(0, ledgers[0]!.open(10, 19, 1));
    gates[0]!.refuse(new Error("coordinator moved"));
    await vi.advanceTimersByTimeAsync(100);
    expect(errors).toHaveLength(1);
    expect(announced).toBe(false);
    expect(sent[1]![0]!.metadata).toBe("m2 0-9@1 10-19@1");
    gates[1]!.accept();
    await settle();
    expect(announced).toBe(true);
  });

  it("ends with the generation: whoever waits is told, and nothing is sent any more", async () => {
    const range = ledgers[0]!.open(0, 9, 1);
    const announcement = expect(announce(0, range)).rejects.toThrow(StaleOwner);
    await settle();
    gates[0]!.refuse(new StaleOwner("generation 3 is over"));
    await announcement;
    expect(errors.map(String)).toEqual([expect.stringContaining("generation 3 is over")]);
    await expect(committer.flush()).rejects.toThrow(StaleOwner);
    committer.note(at(0));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent).toHaveLength(1);
    expect(range.announced).toBe(false);
  });

  it("asks once more whether it is over before a request leaves, and says nothing of one that did not", async () => {
    let check = () => {};
    const looking = new Committer({
      clock: systemClock,
      async commit(_offsets, last) {
        check = last;
        await vi.advanceTimersByTimeAsync(1_000);
        last();
        throw new Error("sent");
      },
      onError: (error) => errors.push(error),
    });
    looking.add(at(0), ledgers[0]!, "plan");
    const announcement = looking.announce([{ at: at(0), range: ledgers[0]!.open(0, 9, 1) }]).catch((error) => error);
    await settle();
    expect(check).not.toThrow();
    looking.end(new StaleOwner("the group is rebalancing"));
    expect(check).toThrow(StaleOwner);
    expect(await announcement).toBeInstanceOf(StaleOwner);
    await settle();
    expect(errors).toEqual([]);
  });

  it("flushes to an end while a commit is under way, and when there is nothing to do", async () => {
    await committer.flush();
    void announce(0, ledgers[0]!.open(0, 9, 1));
    let isFlushed = false;
    void committer.flush().then(() => {
      isFlushed = true;
    });
    await settle();
    expect(isFlushed).toBe(false);
    gates[0]!.accept();
    await settle();
    expect(isFlushed).toBe(true);
    expect(sent).toHaveLength(1);
  });

  it("proves ownership by the time at which an acknowledged commit was sent, not by that of its answer", async () => {
    ledgers[0]!.open(0, 9, 1);
    const askedMs = systemClock.nowMs();
    const proof = committer.prove([at(0)]);
    await vi.advanceTimersByTimeAsync(5_000);
    gates[0]!.accept();
    await proof;
    expect(committer.provenMs - askedMs).toBeLessThan(100);
  });

  it("lets a range wait for which the metadata has no room", async () => {
    const many = Array.from({ length: 200 }, (_, index) => ledgers[0]!.open(index * 1e6, index * 1e6 + 1, 1e12));
    const announced: number[] = [];
    for (const [index, range] of many.entries()) {
      void announce(0, range).then(() => announced.push(index));
    }
    await settle();
    gates[0]!.accept();
    await settle();
    const fitting = announced.length;
    expect(fitting).toBeGreaterThan(80);
    expect(fitting).toBeLessThan(200);
    for (let commit = 1; announced.length < 200 && commit < 8; commit += 1) {
      for (const index of announced) ledgers[0]!.markDurable(many[index]!);
      committer.note(at(0));
      await vi.advanceTimersByTimeAsync(100);
      gates[commit]?.accept();
      await settle();
    }
    expect(announced).toHaveLength(200);
  });
});
