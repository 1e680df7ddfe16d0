import { rootCertificates } from "node:tls";
import { type ClickHouseClient, ClickHouseLogLevel, type ClickHouseSettings, createClient } from "@clickhouse/client";
import type { TlsFiles } from "../tls-files.ts";
import { takeAnswersOfClickHouse } from "./own-answers.ts";

/** ClickHouse closes idle connections after 10 s (3 s in its cloud): ours must go first. */
const IDLE_SOCKET_MS = 2_000;
const REQUEST_TIMEOUT_MS = 120_000;

export interface ClickHouseAddress {
  /** http(s)://host:port, and the path of a proxy if there is one. */
  url: string;
  user: string | undefined;
  password: string | undefined;
  /** Own authority or client certificate for https. Without it the runtime's authorities. */
  tls?: TlsFiles | undefined;
}

/** @param requests the settings that go with each, and how long it is waited for */
export function connectClickHouse(
  address: ClickHouseAddress,
  connectionsMax: number,
  { settings = {}, timeoutMs = REQUEST_TIMEOUT_MS }: { settings?: ClickHouseSettings; timeoutMs?: number } = {},
): ClickHouseClient {
  const { origin, pathname } = new URL(address.url);
  const client = createClient({
    url: origin,
    // A path is that of a proxy. The client would take it for a database, and ask the proxy's root.
    ...(pathname === "/" ? {} : { pathname }),
    ...(address.user === undefined ? {} : { username: address.user }),
    ...(address.password === undefined ? {} : { password: address.password }),
    ...(address.tls === undefined ? {} : { tls: clickHouseTls(address.tls) }),
    application: "millrace",
    clickhouse_settings: settings,
    max_open_connections: connectionsMax,
    request_timeout: timeoutMs,
    // Every failure reaches a caller, which logs it with its context.
    log: { level: ClickHouseLogLevel.OFF },
    keep_alive: { enabled: true, idle_socket_ttl: IDLE_SOCKET_MS },
  });
  return takeAnswersOfClickHouse(client);
}

/** The client wants an authority whenever anything of TLS is given: without one of our own, those of the runtime. */
function clickHouseTls({ ca, own }: TlsFiles) {
  const authority = { ca_cert: Buffer.from(ca ?? rootCertificates.join("\n")) };
  return own === undefined ? authority : { ...authority, cert: Buffer.from(own.cert), key: Buffer.from(own.key) };
}
