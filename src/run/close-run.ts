import type { Run } from "./connect-run.ts";

export async function closeRun(run: Run): Promise<void> {
  await run.simulator?.finish(0);
  await run.reconciliation.stop();
  await run.deadLetterTopic?.stop();
  await run.admin.disconnect();
  await run.client.close();
}
