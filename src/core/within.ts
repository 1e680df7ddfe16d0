/**
 * What `work` resolves with, or undefined when `maxMs` are over first. It is abandoned then, not stopped: for what cannot
 * be stopped, such as a request of kafkajs. A rejection that comes later is nobody's.
 *
 * @throws what `work` rejects with in time.
 */
export async function within<T>(maxMs: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, maxMs), undefined);
  });
  work.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What `work` comes to, or the signal's reason when it aborts first; `work` is abandoned then, as above. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
