import { hostname } from "node:os";

/** What tells this process apart from others, in tables, logs and tokens. */
export const instanceName = `${hostname()}:${process.pid}`;
