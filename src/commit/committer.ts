import { partitionKey } from "../core/raw-batch.ts";

/** An offset to commit: the next record to read. */
export interface CommitOffset {
  topic: string;
  partition: number;
  offset: number;
}

export interface Committer {
  /** Notes a new position. Committed soon, together with all that came meanwhile. */
  note(offset: CommitOffset): void;
  /** Drops the position of a partition (`topic:partition`) that is no longer ours to commit. */
  forget(key: string): void;
  /** Resolves when everything noted so far is committed. Rejects with the last error. */
  flush(): Promise<void>;
}

/**
 * Commits positions with one request in flight at a time. While a commit runs, newer positions replace older ones, so
 * the number of requests adapts to the coordinator's speed instead of the number of inserts.
 *
 * A failed commit loses nothing: its positions stay noted and go with the next one. `onError` is told each time.
 */
export function createCommitter(
  commit: (offsets: CommitOffset[]) => Promise<void>,
  onError: (error: unknown) => void,
): Committer {
  const pending = new Map<string, CommitOffset>();
  let running: Promise<void> | undefined;

  async function commitPending(): Promise<void> {
    const batch = [...pending];
    pending.clear();
    try {
      await commit(batch.map(([, offset]) => offset));
    } catch (error) {
      // A position noted meanwhile is newer: keep it.
      for (const [key, offset] of batch) if (!pending.has(key)) pending.set(key, offset);
      throw error;
    }
  }

  async function commitUntilEmpty(): Promise<void> {
    try {
      while (pending.size > 0) await commitPending();
    } catch (error) {
      // The next round starts from note() or flush(): a broken coordinator must not make a busy loop.
      onError(error);
    } finally {
      running = undefined;
    }
  }

  function kick(): void {
    if (running === undefined && pending.size > 0) running = commitUntilEmpty();
  }

  return {
    note(offset) {
      pending.set(partitionKey(offset.topic, offset.partition), offset);
      kick();
    },
    forget(key) {
      pending.delete(key);
    },
    async flush() {
      await running;
      if (pending.size > 0) await commitPending();
    },
  };
}
