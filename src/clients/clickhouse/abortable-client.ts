import type { ClickHouseClient } from "@clickhouse/client";

/**
 * The same client, each of whose requests ends when `signal` aborts; one that is made later is not sent. In one place,
 * because a request without a signal is one that a stopped server holds for as long as the client's time-out.
 */
export function abortableClient(client: ClickHouseClient, signal: AbortSignal): ClickHouseClient {
  const abortable =
    <P extends { abort_signal?: AbortSignal }, R>(request: (params: P) => Promise<R>) =>
    async (params: P): Promise<R> => {
      const { abort_signal: own } = params;
      const either = own === undefined ? signal : AbortSignal.any([signal, own]);
      // The client listens to the signal only: of one that has aborted already it never hears.
      either.throwIfAborted();
      return request({ ...params, abort_signal: either });
    };
  const requests: Partial<ClickHouseClient> = {
    query: abortable((params: Parameters<ClickHouseClient["query"]>[0]) =>
      client.query(params),
    ) as ClickHouseClient["query"],
    command: abortable((params) => client.command(params)),
    exec: abortable((params: Parameters<ClickHouseClient["exec"]>[0]) =>
      client.exec(params),
    ) as ClickHouseClient["exec"],
    insert: abortable((params) => client.insert(params)) as ClickHouseClient["insert"],
  };
  return new Proxy(client, {
    get(target, name) {
      const own = requests[name as keyof ClickHouseClient];
      if (own !== undefined) return own;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
