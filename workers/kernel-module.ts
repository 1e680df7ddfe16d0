import { readFileSync } from "node:fs";

/** The kernel, compiled. Synchronous: a worker has nothing else to do before it. */
export function loadKernelModule(): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(new URL("../src/codec/kernel/kernel.wasm", import.meta.url)));
}
