import type { Logger } from "pino";
import { ownDatabase } from "../config/own-database.ts";
import type { EmbeddedServers } from "../run/embedded-servers.ts";

type Places = Pick<EmbeddedServers, "kafkaBrokers" | "clickHouseUrl" | "takenPorts"> & {
  /** Of the ingester itself; undefined: nothing is open. */
  httpUrl: string | undefined;
};

/**
 * Says where the embedded servers answer, with a command for each that can be pasted: in words to a person at a terminal,
 * else as a line of the log.
 */
export function sayWhereServersAre(
  { kafkaBrokers, clickHouseUrl, takenPorts, httpUrl }: Places,
  dataDir: string,
  json: boolean,
  log: Logger,
): void {
  const [kafkaBroker] = kafkaBrokers ?? [];
  if (kafkaBroker === undefined || clickHouseUrl === undefined) {
    if (httpUrl !== undefined) log.info({ httpUrl }, "the console, /metrics, /healthz, /readyz and /api are served");
    return;
  }
  for (const port of takenPorts)
    log.warn(`port ${port} is in use by another program: this folder's demo has another one from now on`);
  if (json || process.stdout.isTTY !== true) {
    log.info({ kafkaBroker, clickHouseUrl, httpUrl, dataDir }, "embedded servers are ready");
    return;
  }
  console.log(addressLines(kafkaBroker, clickHouseUrl, httpUrl, dataDir).join("\n"));
}

export function addressLines(
  kafkaBroker: string,
  clickHouseUrl: string,
  httpUrl: string | undefined,
  dataDir: string,
): string[] {
  const table = `${ownDatabase}.fact_event`;
  return [
    `Kafka       ${kafkaBroker}`,
    `  kcat -b ${kafkaBroker} -t logs.auth -C -c 3`,
    `ClickHouse  ${clickHouseUrl}`,
    `  curl '${clickHouseUrl}' -d 'SELECT count() FROM ${table}'`,
    ...(httpUrl === undefined
      ? []
      : [`Millrace    ${httpUrl}   shows what happens, in a browser`, "  (also: /metrics, /readyz, /api/status)"]),
    `Data in ${dataDir}. In another terminal, while this runs:`,
    `  npx millrace query "SELECT count() FROM ${table}"`,
    "  npx millrace status     (also: tail logs.auth, lag, latency, dlq list, reconcile, diag, doctor)",
    "Ctrl-C stores what was taken, reports and stops.",
    "",
  ];
}
