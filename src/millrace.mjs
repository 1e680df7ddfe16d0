#!/usr/bin/env node
import module from "node:module";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";

// Plain JavaScript on purpose: a runtime too old to read TypeScript must still be able to say so in one line.
const major = Number(process.versions.node.split(".")[0]);
if (!process.versions.deno && major < 24) {
  console.error(
    `millrace needs Node 24 or newer, or Deno 2: this is Node ${process.versions.node}. ` +
      "Run it through npm (npm start, npx millrace …), which brings its own Node.",
  );
  process.exit(2);
}
if (!process.versions.deno) {
  // While the program is loaded, the space of its young objects stays the 2 MiB that it begins with: V8 would take up to 128
  // for it, and keep them. src/run/young-space.ts lets it grow afterwards. Deno passes no flags on.
  if (process.argv[2] === "start") setFlagsFromString("--semi-space-growth-factor=1");
  // Types are taken off and sources compiled once, not at every start: 0.4 of the 0.7 CPU s that the shortest command takes,
  // in each process of a run. Beside the packages, because who can write there can change the program anyway; where nobody
  // can, nothing is kept. In the environment for workers and child processes. After the flags, which are part of the key.
  process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("../node_modules/.cache/compiled", import.meta.url));
  module.enableCompileCache();
}
// To load the program takes a second on a slow machine, and a person who sees nothing types again.
if (
  process.argv[2] === "start" &&
  process.stdout.isTTY &&
  !process.argv.some((word) => /^(--json|--help|-h)$/.test(word))
) {
  process.stdout.write("starting\r");
}
await import("./main.ts");
