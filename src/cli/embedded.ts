import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { commandRows } from "../config/options/command-rows.ts";
import type { TypedOptions } from "../config/options/option-row.ts";
import { readOptions } from "../config/options/read-options.ts";
import { MillraceError } from "../core/errors.ts";
import { addOptions } from "./add-options.ts";
import { untilStopped } from "./signals.ts";

/** Loaded when it is started: neither needs the other, and help needs none. */
const servers = {
  kafka: async () => (await import("../embedded/kafka/server.ts")).startKafkaBroker,
  clickhouse: async () => (await import("../embedded/clickhouse/server.ts")).startClickHouse,
};

/** A killed parent's servers take this long at most to stop; their successors wait for them. */
const PARENT_GONE_MS = 15_000;
const RETRY_MS = 200;

/** `millrace embedded kafka|clickhouse`: one embedded server in the foreground; one line when it is ready. */
export function addEmbeddedCommand(program: Command): void {
  addOptions(program.command("embedded"), commandRows.embedded)
    .description("run one of the embedded servers alone, for demos and tests")
    .argument("<server>", "kafka or clickhouse")
    .action(async (server: string, typed: TypedOptions<typeof commandRows.embedded>) => {
      const load = servers[server as keyof typeof servers];
      if (load === undefined) throw new MillraceError("E_CONFIG", `embedded ${server}: must be kafka or clickhouse`);
      const { port, dataDir, stopOnStdinClose, orFree } = readOptions(commandRows.embedded, typed);
      const start = await load();
      const waitMs = stopOnStdinClose ? PARENT_GONE_MS : 0;
      const address = { port, orFree };
      const running = await whenFree(waitMs, () => start({ ...address, dataDir }));
      console.log(`embedded ${server} ready on 127.0.0.1:${running.port}`);
      await untilStopped({ onStdinClose: stopOnStdinClose });
      await running.close();
    });
}

/** Starts a server; while its data directory is held, tries again for `waitMs`. */
async function whenFree<T>(waitMs: number, start: () => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + waitMs;
  for (;;) {
    try {
      return await start();
    } catch (error) {
      const isHeld = error instanceof MillraceError && error.code === "E_DATA_DIR_HELD";
      if (!isHeld || performance.now() > deadlineMs) throw error;
      await sleep(RETRY_MS);
    }
  }
}
