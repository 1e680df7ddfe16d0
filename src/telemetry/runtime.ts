/** Deno also has Node's `process.versions.node`, of the Node that it stands in for. */
export const isDeno = "Deno" in globalThis;

/** The runtime and its version, as reports have it: `node 24.21.0`. */
export function runtimeText(): string {
  return isDeno ? `deno ${process.versions.deno}` : `node ${process.versions.node}`;
}
