import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { createServer, type TLSSocket } from "node:tls";

export interface TlsProxy {
  port: number;
  close(): Promise<void>;
}

/** Ends TLS and passes the bytes on to a plain TCP port of this machine: how a server without TLS is tested behind it. */
export async function startTlsProxy(
  targetPort: number,
  certificate: { cert: string; key: string },
  clientAuthority?: string,
): Promise<TlsProxy> {
  const open = new Set<TLSSocket>();
  const asksForCertificate =
    clientAuthority === undefined ? {} : { ca: clientAuthority, requestCert: true, rejectUnauthorized: true };
  const server = createServer({ ...certificate, ...asksForCertificate }, (outer) => {
    const inner = connect(targetPort, "127.0.0.1");
    open.add(outer);
    // One side's end or failure is the other's.
    outer.on("error", () => inner.destroy()).on("close", () => inner.destroy());
    inner.on("error", () => outer.destroy()).on("close", () => outer.destroy());
    outer.on("close", () => open.delete(outer));
    outer.pipe(inner).pipe(outer);
  });
  // A handshake that fails is what some tests are about.
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
