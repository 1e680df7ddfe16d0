import { createInterface } from "node:readline";

/** The other side of startReadyChild(): says "ready", waits for a line, runs, prints the report as JSON, closes. */
export async function serveReady(load: { run(): Promise<object>; close(): Promise<void> }): Promise<void> {
  console.log("ready");
  const lines = createInterface({ input: process.stdin });
  // The bench that started us is gone when the input ends without a line.
  const go = await new Promise<boolean>((resolve) =>
    lines.once("line", () => resolve(true)).once("close", () => resolve(false)),
  );
  lines.close();
  if (go) console.log(JSON.stringify(await load.run()));
  await load.close();
}
