import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";

/**
 * The kernel, compiled. Synchronous: a worker has nothing else to do before it. Threads of one process share the code.
 *
 * V8 would compile each function twice, quickly when it is first called and well when it has been called often; the
 * first million events then cost a quarter more. Compiling all of it well at once takes 50 ms. Runtimes that do not
 * know the flags leave it at that.
 */
export function loadKernelModule(): WebAssembly.Module {
  for (const flag of ["--no-liftoff", "--no-wasm-lazy-compilation"]) {
    try {
      setFlagsFromString(flag);
    } catch {
      // Not this runtime.
    }
  }
  return new WebAssembly.Module(readFileSync(new URL("../src/codec/kernel/kernel.wasm", import.meta.url)));
}
