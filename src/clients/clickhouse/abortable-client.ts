import type { ClickHouseClient } from "@clickhouse/client";

/**
 * The same client, each of whose requests ends when `signal` aborts. In one place, because a request without a signal is
 * one that a stopped server holds for as long as the client's time-out.
 */
export function abortableClient(client: ClickHouseClient, signal: AbortSignal): ClickHouseClient {
  const withSignal = <P extends { abort_signal?: AbortSignal }>(params: P): P => ({
    ...params,
    abort_signal: params.abort_signal === undefined ? signal : AbortSignal.any([signal, params.abort_signal]),
  });
  const requests: Partial<ClickHouseClient> = {
    query: ((params: Parameters<ClickHouseClient["query"]>[0]) =>
      client.query(withSignal(params))) as ClickHouseClient["query"],
    command: (params) => client.command(withSignal(params)),
    exec: ((params: Parameters<ClickHouseClient["exec"]>[0]) =>
      client.exec(withSignal(params))) as ClickHouseClient["exec"],
    insert: (params) => client.insert(withSignal(params)),
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
