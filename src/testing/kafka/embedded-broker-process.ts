import { startKafkaBroker } from "../../embedded/kafka/server.ts";

// A process of its own, as in production: the test hashes millions of lines, and would starve the broker's event loop.
const [dataDir] = process.argv.slice(2);
if (dataDir === undefined) throw new Error("usage: embedded-broker-process DATA_DIR");
const broker = await startKafkaBroker({ port: 0, dataDir });
process.once("SIGTERM", async () => {
  await broker.close();
  process.exit(0);
});
process.stdout.write(`${broker.port}\n`);
