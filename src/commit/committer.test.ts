import { describe, expect, it } from "vitest";
import { type CommitOffset, createCommitter } from "./committer.ts";

const at = (offset: number, partition = 0): CommitOffset => ({ topic: "t", partition, offset });

/** A committer whose commits wait for their gate to be opened. */
function gatedCommitter() {
  const sent: CommitOffset[][] = [];
  const gates: (() => void)[] = [];
  const committer = createCommitter(
    (offsets) => {
      sent.push(offsets);
      return new Promise<void>((resolve) => gates.push(resolve));
    },
    () => {},
  );
  return { committer, sent, gates };
}

describe("createCommitter()", () => {
  it("keeps one commit in flight and sends only the newest position of each partition", async () => {
    const { committer, sent, gates } = gatedCommitter();
    committer.note(at(10));
    committer.note(at(20));
    committer.note(at(30));
    committer.note(at(5, 1));
    expect(sent).toEqual([[at(10)]]);
    gates[0]!();
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent[1]).toEqual([at(30), at(5, 1)]);
    gates[1]!();
    await committer.flush();
    expect(sent).toHaveLength(2);
  });

  it("keeps a position whose commit failed and sends it with the next one", async () => {
    const sent: CommitOffset[][] = [];
    const errors: unknown[] = [];
    const committer = createCommitter(
      async (offsets) => {
        sent.push(offsets);
        if (sent.length === 1) throw new Error("coordinator moved");
      },
      (error) => errors.push(error),
    );
    committer.note(at(10));
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors).toHaveLength(1);
    committer.note(at(7, 1));
    await committer.flush();
    expect(sent[1]).toEqual([at(10), at(7, 1)]);
  });

  it("rejects flush() when the last commit fails, so a drain cannot pass for complete", async () => {
    const committer = createCommitter(
      () => Promise.reject(new Error("no coordinator")),
      () => {},
    );
    committer.note(at(10));
    await expect(committer.flush()).rejects.toThrow("no coordinator");
  });

  it("does not commit a partition that was lost while its position waited", async () => {
    const { committer, sent, gates } = gatedCommitter();
    committer.note(at(10));
    committer.note(at(5, 1));
    committer.note(at(6, 2));
    committer.forget("t:1");
    gates[0]!();
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent[1]).toEqual([at(6, 2)]);
    gates[1]!();
    await committer.flush();
  });
});
