/** Pass-through: the messages' bytes joined by line breaks; the server parses and normalises them. */
import { Readable } from "node:stream";
import { declareFields, factSelect, messageFields } from "../fact-select.ts";
import { runConsumer } from "./consumer-process.ts";

const LINE_BREAK = Buffer.from("\n");

await runConsumer(async (client, job, { batch }) => {
  const { messages, partition } = batch;
  const first = Number(messages[0]!.offset);
  if (Number(messages.at(-1)!.offset) - first + 1 !== messages.length) {
    throw new Error(
      `Partition ${partition}: offsets from ${first} on have gaps; a line's offset is counted from the first`,
    );
  }
  // One thread keeps the order of the lines, and with it the offsets.
  const query = `INSERT INTO ${job.table} (${columnsOf()}) SELECT ${factSelect((name) => `m.${name}`)},
    ${partition} AS kafka_partition, ${first} + rowNumberInAllBlocks() AS kafka_offset
    FROM input('${declareFields(messageFields).replaceAll("`", "")}') AS m SETTINGS max_threads = 1 FORMAT JSONEachRow`;
  const lines = messages.flatMap(({ value }) => [value!, LINE_BREAK]);
  const { stream } = await client.exec({
    query,
    values: Readable.from([Buffer.concat(lines)], { objectMode: false }),
    clickhouse_settings: { input_format_parallel_parsing: 0 },
  });
  for await (const _ of stream);
});

/** In the order of the SELECT: an INSERT matches by position. */
function columnsOf(): string {
  const aliases = factSelect((name) => name).matchAll(/AS (\w+),?$/gm);
  return [...[...aliases].map(([, name]) => name), "kafka_partition", "kafka_offset"].join(", ");
}
