import type { ClickHouseClient } from "@clickhouse/client";

/** Rows that go into a table at once, under a token of their own. */
export interface Flush {
  table: string;
  token: string;
  values: Record<string, unknown>[];
}

/** Flushes that are kept for a server that takes none: of some minutes. While it is away little is recorded. */
const KEPT_MAX = 60;

/**
 * Sends what is written every few seconds. What failed, maybe after it was stored, is sent again under its token and counts
 * once.
 */
export class FlushStore {
  readonly #client: ClickHouseClient;
  #kept: Flush[] = [];
  #sending: Promise<void> | undefined;

  constructor(client: ClickHouseClient) {
    this.#client = client;
  }

  /**
   * One insert at a time: what comes while a server is slow waits for its turn.
   *
   * @throws what the client throws; nothing is lost by it until there are too many.
   */
  send(flushes: readonly Flush[]): Promise<void> {
    this.#kept = [...this.#kept, ...flushes.filter(({ values }) => values.length > 0)].slice(-KEPT_MAX);
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    for (let flush = this.#kept[0]; flush !== undefined; flush = this.#kept[0]) {
      const { table, token, values } = flush;
      await this.#client.insert({
        ...{ table, values, format: "JSONEachRow" },
        clickhouse_settings: { async_insert: 0, insert_deduplication_token: token },
      });
      this.#kept = this.#kept.filter((kept) => kept !== flush);
    }
  }
}
