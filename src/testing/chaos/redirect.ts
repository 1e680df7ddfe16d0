import { syncBuiltinESMExports } from "node:module";
import net from "node:net";

/**
 * Sends every later connection of this process to loopback port `from` to port `to` instead, as a packet filter would.
 *
 * A Kafka client connects to the address that the broker advertises, so a proxy in front of the broker is only used for
 * the first question. Both brokers advertise their own port to everyone else, the load generator among them, which has
 * to reach them directly.
 */
export function redirectPort(from: number, to: number): void {
  const connect = net.connect;
  const redirected = (...args: unknown[]) => {
    const [options, ...rest] = args;
    const isMeant =
      typeof options === "object" && options !== null && Number((options as { port?: unknown }).port) === from;
    const target = isMeant ? { ...options, port: to } : options;
    return (connect as (...given: unknown[]) => net.Socket)(target, ...rest);
  };
  net.connect = redirected as typeof net.connect;
  net.createConnection = redirected as typeof net.createConnection;
  syncBuiltinESMExports();
}
