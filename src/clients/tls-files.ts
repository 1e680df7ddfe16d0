/** What a client needs for TLS, as PEM text. The server's certificate is always verified. */
export interface TlsFiles {
  /** Who may sign the server's certificate; undefined: the authorities that the runtime knows. */
  ca: string | undefined;
  /** The client's own certificate with its chain, and its key without a passphrase; undefined: none. */
  own: { cert: string; key: string } | undefined;
}
