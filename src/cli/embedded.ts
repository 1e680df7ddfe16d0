import { setTimeout as sleep } from "node:timers/promises";
import { type Command, Option } from "commander";
import { parseCount } from "../config/values.ts";
import { MillraceError } from "../core/errors.ts";
import { untilStopped } from "./signals.ts";

/** Loaded when one is started: no other command needs them, and the broker's codec is a third of the program. */
const servers = {
  kafka: async () => (await import("../embedded/kafka/server.ts")).startKafkaBroker,
  clickhouse: async () => (await import("../embedded/clickhouse/server.ts")).startClickHouse,
};

interface EmbeddedOptions {
  port: string;
  data: string;
  stopOnStdinClose?: boolean;
  orFree?: boolean;
}

/** A killed parent's servers take this long at most to stop; their successors wait for them. */
const PARENT_GONE_MS = 15_000;
const RETRY_MS = 200;

/** `millrace embedded kafka|clickhouse`: one embedded server in the foreground; one line when it is ready. */
export function addEmbeddedCommand(program: Command): void {
  program
    .command("embedded")
    .description("run one of the embedded servers alone, for demos and tests")
    .argument("<server>", "kafka or clickhouse")
    .option("--port <number>", "port on the loopback interface; 0 chooses a free one", "0")
    .requiredOption("--data <dir>", "folder for its data; held by one process at a time")
    .addOption(new Option("--stop-on-stdin-close").hideHelp())
    .addOption(new Option("--or-free", "take another port when this one is taken").hideHelp())
    .action(async (server: string, options: EmbeddedOptions) => {
      const load = servers[server as keyof typeof servers];
      if (load === undefined) throw new MillraceError("E_CONFIG", `embedded ${server}: must be kafka or clickhouse`);
      const port = parseCount("--port", options.port, { min: 0, max: 65_535 });
      const start = await load();
      const patienceMs = options.stopOnStdinClose === true ? PARENT_GONE_MS : 0;
      const address = { port, orFree: options.orFree === true };
      const running = await whenFree(patienceMs, () => start({ ...address, dataDir: options.data }));
      console.log(`embedded ${server} ready on 127.0.0.1:${running.port}`);
      await untilStopped({ onStdinClose: options.stopOnStdinClose === true });
      await running.close();
    });
}

/** Starts a server; while its data directory is held, tries again for `patienceMs`. */
async function whenFree<T>(patienceMs: number, start: () => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + patienceMs;
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
