/** Closes what was started when the bench is interrupted, then exits as a shell expects it. Returns how to forget it. */
export function closeOnSignal(close: () => Promise<void>): () => void {
  const interrupted = () => {
    void close().finally(() => process.exit(130));
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  return () => void process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
}
