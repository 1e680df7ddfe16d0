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
// While the program is loaded, the space of its young objects stays the 2 MiB that it begins with: V8 would take up to 128
// for it, and keep them. src/run/young-space.ts lets it grow afterwards. Deno passes no flags on.
if (!process.versions.deno && process.argv[2] === "start") {
  (await import("node:v8")).setFlagsFromString("--semi-space-growth-factor=1");
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
