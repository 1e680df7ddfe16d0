import { drainBacklog } from "../common/drain-backlog.ts";
import { closeOnSignal } from "../common/on-signal.ts";
import { startBenchServers } from "../common/servers.ts";
import { fillTopic, simulatorDocuments } from "../e2e/topic.ts";
import { eventsInto } from "./axes.ts";
import type { CheckoutRun, CompareWish } from "./checkout-run.ts";
import { type OwnClickHouse, startOwnClickHouse } from "./own-clickhouse.ts";

const PARTITIONS = [10, 256];
const SEED = 20_260_104;
/** A copy of the events' table, without its views. */
const table = "analytics.growth_backlog";

interface Program {
  checkout: "old" | "new";
  entry: string;
  clickHouse: OwnClickHouse;
}

/**
 * Both programs drain the same topics, each into an empty table of its own ClickHouse, in turns.
 */
export async function drainBacklogs(
  entries: readonly Pick<Program, "checkout" | "entry">[],
  { events, rounds, log }: CompareWish,
  note: (run: CheckoutRun) => Promise<void>,
): Promise<void> {
  const servers = await startBenchServers("embedded");
  const programs: Program[] = [];
  const close = async () => {
    for (const { clickHouse } of programs) await clickHouse.close();
    await servers.close();
  };
  const forget = closeOnSignal(close);
  try {
    for (const program of entries) {
      const clickHouse = await startOwnClickHouse(program.entry);
      programs.push({ ...program, clickHouse });
      await clickHouse.client.command({ query: `CREATE TABLE ${table} AS analytics.fact_event` });
    }
    for (const partitions of PARTITIONS) {
      log(`filling ${partitions} partitions with ${events} events`);
      const wish = { topic: `growth.backlog.${partitions}`, partitions, events };
      await fillTopic(servers.brokers, wish, simulatorDocuments(events, SEED, "domain"));
    }
    for (let round = 0; round < rounds; round++) {
      for (const partitions of PARTITIONS) {
        for (const program of programs) {
          const { checkout, entry, clickHouse } = program;
          const topic = `growth.backlog.${partitions}`;
          const pipeline = { name: "backlog", text: eventsInto("backlog", topic, table).text };
          const figures = await drainBacklog({ servers, clickHouse, topic, events, table, pipeline, entry });
          await note({ what: `backlog of ${partitions}`, checkout, figures });
        }
      }
    }
  } finally {
    forget();
    await close();
  }
}
