import { Readable } from "node:stream";
import type { ClickHouseClient } from "@clickhouse/client";

/** Rows of one table, ready to send. */
export interface InsertBody {
  /** Database-qualified table name. */
  table: string;
  columns: readonly string[];
  format: string;
  bytes: Uint8Array;
}

/**
 * Sends one insert and waits for the server's answer. A repeat of the same `token` within the table's deduplication
 * window writes nothing, in the table and in the tables behind its views.
 *
 * @throws ClickHouseError when the server answered with an exception; other errors are of the connection, and the
 * outcome is then unknown.
 */
export async function insertOnce(client: ClickHouseClient, body: InsertBody, token: string): Promise<void> {
  const columns = body.columns.map((name) => `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``).join(", ");
  const { stream } = await client.exec({
    query: `INSERT INTO ${body.table} (${columns}) FORMAT ${body.format}`,
    values: inOnePiece(body.bytes),
    clickhouse_settings: {
      insert_deduplicate: 1,
      insert_deduplication_token: token,
      deduplicate_blocks_in_dependent_materialized_views: 1,
      // On by default since 26.x; it would acknowledge what is not yet written, and has no use for our batches.
      async_insert: 0,
      // One block per insert: the token names the whole range, and views see it at once.
      min_insert_block_size_rows: "0",
      min_insert_block_size_bytes: "0",
      input_format_parallel_parsing: 0,
      // Late events can touch more than the default of 100 partitions; refused, the same range would be refused for ever.
      throw_on_max_partitions_per_insert_block: 0,
      // An exception after the first byte of the answer would otherwise come with status 200.
      wait_end_of_query: 1,
    },
  });
  // Unread answers keep their socket: it would never go back to the pool.
  for await (const _ of stream);
}

/** A body that goes to the socket as it is: the kernel takes what it has room for, and asks for the rest. */
function inOnePiece(bytes: Uint8Array): Readable {
  return new Readable({
    read() {
      this.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      this.push(null);
    },
  });
}
