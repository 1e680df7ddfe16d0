"""Drains one Kafka topic with Spark Structured Streaming, into ClickHouse through JDBC or into Spark's noop sink.

Started by bench/e2e/peers/spark.ts, which speaks with it by lines: this process prints `ready` when the streaming query
runs, `progress {"rows": n}` after each micro-batch, and `failed {"error": "…"}` before it ends because the query did.
It runs until it is killed.
"""

import argparse
import json
import os
import sys

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming import StreamingQueryListener
from pyspark.sql.types import IntegerType, LongType, StringType, StructField, StructType

# The fields of the replaced system's value schema (S0-39) that end in a column.
VALUE_SCHEMA = StructType(
    [
        StructField(name, kind)
        for kind, names in (
            (LongType(), "ts_ms timestamp_ms created_ts_ms duration_ms"),
            (IntegerType(), "status_code product_id amount"),
            (
                StringType(),
                "event_id event_name domain service request_id method route_template path level event result"
                " user_id order_id payment_id reason_code api_group",
            ),
        )
        for name in names.split()
    ]
)

# The normalising of S0-40 as src/schema/events-pipeline.ts orders it: absent, null and "" are one; the result comes from
# the status before the status comes from the result. Events without a service are not filtered out (S0-41), as no other
# peer does it: Spark would push the filter below the parsing, as a second from_json of every record.
DEFAULTED = """
    SELECT *,
        coalesce(ts_ms, timestamp_ms) AS event_ms,
        coalesce(nullif(result, ''), CASE WHEN status_code >= 400 THEN 'fail' WHEN status_code < 400 THEN 'success' END)
            AS outcome
    FROM {parsed}
"""
COLUMNS = """
    SELECT
        coalesce(timestamp_millis(event_ms), kafka_time) AS event_ts,
        kafka_time AS ingest_ts,
        kafka_time AS kafka_ts,
        current_timestamp() AS spark_ingest_ts,
        current_timestamp() AS processed_ts,
        current_timestamp() AS stored_ts,
        timestamp_millis(created_ts_ms) AS created_ts,
        coalesce(nullif(service, ''), 'unknown') AS service,
        coalesce(nullif(domain, ''), CASE WHEN method <> '' OR path <> '' THEN 'http' ELSE service END) AS domain,
        coalesce(nullif(api_group, ''), 'unknown') AS api_group,
        coalesce(nullif(event_name, ''), 'unknown') AS event_name,
        coalesce(outcome, 'unknown') AS result,
        coalesce(nullif(request_id, ''), 'unknown') AS request_id,
        coalesce(nullif(event_id, ''), concat_ws('-', topic, kafka_partition, kafka_offset)) AS event_id,
        coalesce(method, '') AS method,
        coalesce(nullif(route_template, ''), path, '') AS route_template,
        coalesce(path, '') AS path,
        coalesce(status_code, CASE outcome WHEN 'fail' THEN 500 WHEN 'success' THEN 200 ELSE 0 END) AS status_code,
        status_code IS NULL AS status_synthetic,
        duration_ms,
        coalesce(nullif(level, ''), 'INFO') AS level,
        coalesce(event, '') AS event,
        user_id, order_id, payment_id, reason_code, product_id, amount,
        topic, kafka_partition, kafka_offset, kafka_key,
        '' AS raw_json
    FROM {defaulted}
"""


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--brokers", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--sink", choices=["clickhouse", "noop"], required=True)
    parser.add_argument("--work", required=True, help="scratch folder for the checkpoint and Spark's own files")
    parser.add_argument("--jars", required=True, help="folder with the Kafka connector and the JDBC driver")
    parser.add_argument("--url", help="JDBC address, with the driver's options")
    parser.add_argument("--table", help="database.table")
    parser.add_argument("--columns", required=True, help="of the table, in its order, separated by commas")
    parser.add_argument("--offsets-per-trigger", type=int, required=True)
    parser.add_argument("--rows-per-insert", type=int, required=True)
    return parser.parse_args()


def open_session(arguments: argparse.Namespace) -> SparkSession:
    # -Duser.timezone: the driver writes times in the JVM's zone, Spark in the session's. The parallel collector, as it
    # takes the least CPU here: G1 (S0-51) gave a tenth fewer rows per CPU second, the serial one a twentieth.
    java = f"-Duser.timezone=UTC -Djava.io.tmpdir={arguments.work} -XX:+UseParallelGC"
    settings = {
        "spark.driver.memory": "3g",
        "spark.driver.extraClassPath": os.path.join(arguments.jars, "*"),
        "spark.driver.extraJavaOptions": java,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": arguments.work,
        "spark.sql.warehouse.dir": os.path.join(arguments.work, "warehouse"),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master("local[2]").appName("millrace-bench")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("WARN")
    return session


def read_rows(session: SparkSession, arguments: argparse.Namespace) -> DataFrame:
    records = (
        session.readStream.format("kafka")
        .option("kafka.bootstrap.servers", arguments.brokers)
        .option("subscribe", arguments.topic)
        .option("startingOffsets", "earliest")
        .option("failOnDataLoss", "false")
        .option("maxOffsetsPerTrigger", arguments.offsets_per_trigger)
        # Fetches of Kafka's default sizes cost a tenth more CPU.
        .option("kafka.max.poll.records", "20000")
        .option("kafka.max.partition.fetch.bytes", str(16 * 1024 * 1024))
        .option("kafka.fetch.max.bytes", str(64 * 1024 * 1024))
        .load()
    )
    schema = VALUE_SCHEMA.simpleString()
    parsed = records.selectExpr(
        f"from_json(CAST(value AS STRING), '{schema}') AS document",
        "timestamp AS kafka_time",
        "topic",
        "partition AS kafka_partition",
        "offset AS kafka_offset",
        "CAST(key AS STRING) AS kafka_key",
    ).select("document.*", "kafka_time", "topic", "kafka_partition", "kafka_offset", "kafka_key")
    defaulted = session.sql(DEFAULTED, parsed=parsed)
    return session.sql(COLUMNS, defaulted=defaulted).select(arguments.columns.split(","))


def start_query(session: SparkSession, arguments: argparse.Namespace):
    writer = read_rows(session, arguments).writeStream.queryName(arguments.sink)
    writer = writer.option("checkpointLocation", os.path.join(arguments.work, "checkpoint"))
    if arguments.sink == "noop":
        return writer.format("noop").start()
    options = {
        "driver": "com.clickhouse.jdbc.ClickHouseDriver",
        "url": arguments.url,
        "dbtable": arguments.table,
        "batchsize": str(arguments.rows_per_insert),
        # ClickHouse has no transactions over inserts.
        "isolationLevel": "NONE",
    }

    def write_batch(rows: DataFrame, _batch: int) -> None:
        rows.write.format("jdbc").options(**options).mode("append").save()

    return writer.foreachBatch(write_batch).start()


class ProgressLines(StreamingQueryListener):
    def onQueryStarted(self, event):
        pass

    def onQueryProgress(self, event):
        say("progress", {"rows": event.progress.numInputRows})

    def onQueryIdle(self, event):
        pass

    def onQueryTerminated(self, event):
        pass


def say(word: str, details: dict | None = None) -> None:
    sys.stdout.write(f"{word} {json.dumps(details)}\n" if details is not None else f"{word}\n")
    sys.stdout.flush()


def main() -> None:
    arguments = read_arguments()
    # Settings of an installation of Spark that the machine may have are not the bench's.
    for name in ("SPARK_HOME", "SPARK_CONF_DIR", "SPARK_LOCAL_DIRS", "PYSPARK_SUBMIT_ARGS"):
        os.environ.pop(name, None)
    session = open_session(arguments)
    session.streams.addListener(ProgressLines())
    try:
        query = start_query(session, arguments)
        say("ready")
        query.awaitTermination()
    except Exception as error:
        say("failed", {"error": str(error)})
        sys.exit(1)


main()
