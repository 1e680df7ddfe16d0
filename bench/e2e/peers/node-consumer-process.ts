/** The usual Node consumer: JSON.parse of each message, an object per row, an insert per batch. */
import { runConsumer } from "./consumer-process.ts";

interface FactEvent {
  ts_ms?: number;
  timestamp_ms?: number;
  status_code?: number;
  result?: string;
  [field: string]: unknown;
}

await runConsumer(async (client, job, { batch }) => {
  const rows: Record<string, unknown>[] = [];
  for (const message of batch.messages) {
    const event: FactEvent = JSON.parse(message.value!.toString());
    const { result, status_code: status } = event;
    rows.push({
      event_ts: new Date(event.ts_ms ?? event.timestamp_ms ?? Number(message.timestamp)).toISOString(),
      service: event.service,
      domain: event.domain,
      api_group: event.api_group,
      event_name: event.event_name,
      result: result ?? (status === undefined ? "unknown" : status >= 400 ? "fail" : "success"),
      request_id: event.request_id,
      event_id: event.event_id,
      method: event.method ?? "",
      route_template: event.route_template,
      status_code: status ?? (result === "fail" ? 500 : result === "success" ? 200 : 0),
      duration_ms: event.duration_ms ?? null,
      user_id: event.user_id ?? null,
      order_id: event.order_id ?? null,
      payment_id: event.payment_id ?? null,
      product_id: event.product_id ?? null,
      amount: event.amount ?? null,
      kafka_partition: batch.partition,
      kafka_offset: Number(message.offset),
    });
  }
  await client.insert({
    table: job.table,
    values: rows,
    format: "JSONEachRow",
    clickhouse_settings: { date_time_input_format: "best_effort" },
  });
});
