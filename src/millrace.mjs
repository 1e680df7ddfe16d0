#!/usr/bin/env node
// Plain JavaScript on purpose: a runtime too old to read TypeScript must still be able to say so in one line.
const major = Number(process.versions.node.split(".")[0]);
if (!process.versions.deno && major < 24) {
  console.error(
    `millrace needs Node 24 or newer, or Deno 2: this is Node ${process.versions.node}. ` +
      "Run it through npm (npm start, npx millrace …), which brings its own Node.",
  );
  process.exit(2);
}
await import("./main.ts");
