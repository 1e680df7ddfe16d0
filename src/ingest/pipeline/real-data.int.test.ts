import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { brokersToTest } from "../../testing/ingest-servers.ts";
import { hasKcat, kcat } from "../../testing/kcat.ts";
import { rowHashSql } from "../../testing/row-hash.ts";
import { runMillrace } from "../../testing/run-millrace.ts";

/**
 * DNS logs of a real network, which no one here wrote: keys with dots, missing fields, floats with 17 digits. What
 * Millrace stores must be what ClickHouse's own JSONEachRow makes of the same lines, row for row.
 */
const dataFile = join(import.meta.dirname, "../../../../shared/data/zeek-dns.ndjson.gz");
const withKcat = hasKcat();
if (!existsSync(dataFile)) console.warn(`skipped: ${dataFile} is not there`);

const columns = `\`_path\` LowCardinality(String), \`_write_ts\` DateTime64(6), ts DateTime64(6), uid String,
  \`id.orig_h\` IPv4, \`id.orig_p\` UInt16, \`id.resp_h\` IPv4, \`id.resp_p\` UInt16, proto LowCardinality(String),
  trans_id UInt32, rtt Nullable(Float64), query Nullable(String), qclass Nullable(UInt16),
  qclass_name LowCardinality(Nullable(String)), qtype Nullable(UInt16), qtype_name LowCardinality(String),
  rcode Nullable(UInt8), rcode_name LowCardinality(Nullable(String)), AA Bool, TC Bool, RD Bool, RA Bool, Z UInt8,
  answers Array(String), TTLs Array(Float64), rejected Bool`;

describe.skipIf(!withKcat || !existsSync(dataFile))("real DNS logs", async () => {
  it.each(await brokersToTest())(
    "arrive through %s exactly as JSONEachRow reads them",
    async (_name, startServers) => {
      const servers = await startServers();
      const { client } = servers;
      const lines = gunzipSync(await readFile(dataFile));
      const linesFile = join(tmpdir(), `millrace-dns-${process.pid}.ndjson`);
      await writeFile(linesFile, lines);
      try {
        await client.command({ query: "CREATE DATABASE net" });
        const settings = "SETTINGS non_replicated_deduplication_window = 100000";
        const coordinates = "kafka_topic String, kafka_partition Int32, kafka_offset Int64";
        await client.command({ query: `CREATE TABLE net.expected (${columns}) ENGINE = MergeTree ORDER BY ts` });
        await kcat(["-P", "-b", servers.brokers, "-t", "dns", "-l", linesFile]);
        const inserted = await fetch(
          `${servers.env.CLICKHOUSE_URL}/?query=${encodeURIComponent("INSERT INTO net.expected FORMAT JSONEachRow")}`,
          { method: "POST", body: lines },
        );
        expect(inserted.status).toBe(200);
        const hashOf = async (values: string, table: string) => {
          const query = `SELECT count() AS count, ${rowHashSql(values)} AS hash FROM ${table}`;
          return (await (await client.query({ query, format: "JSONEachRow" })).json())[0];
        };
        const expected = await hashOf("*", "net.expected");
        const recordCount = lines.toString().trimEnd().split("\n").length;
        expect(expected).toMatchObject({ count: recordCount });
        for (const format of ["rowbinary", "native"]) {
          const table = `net.dns_${format}`;
          await client.command({
            query: `CREATE TABLE ${table} (${columns}, ${coordinates}) ENGINE = MergeTree ORDER BY ts ${settings}`,
          });
          const target = ["--topic", "dns", "--table", table, "--insert-format", format];
          const run = await runMillrace(["start", ...target, "--until-end", "--json"], servers.env);
          expect([run.stderr, run.code]).toEqual(["", 0]);
          expect(JSON.parse(run.stdout)).toMatchObject({ stored: recordCount, dead: 0, missing: 0, duplicate: 0 });
          const stored = await hashOf("* EXCEPT (kafka_topic, kafka_partition, kafka_offset)", table);
          expect(stored).toEqual(expected);
        }
      } finally {
        await servers.close();
        await rm(linesFile, { force: true });
      }
    },
    120_000,
  );
});
