import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { readJsonFile, writeJsonFile } from "./atomic-file.ts";

/** The cluster id of a data directory: 22 characters of base64url, made once. Clients notice a changed cluster by it. */
export function loadClusterId(dataDir: string): string {
  const path = join(dataDir, "cluster.json");
  const stored = readJsonFile(path) as { clusterId?: string } | undefined;
  if (stored?.clusterId !== undefined) return stored.clusterId;
  const clusterId = randomBytes(16).toString("base64url");
  writeJsonFile(path, { clusterId });
  return clusterId;
}
