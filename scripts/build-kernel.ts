import { readFileSync, writeFileSync } from "node:fs";
import { compileKernel } from "../src/codec/kernel/testing/compile-assembly.ts";

/**
 * Builds src/codec/kernel/kernel.wasm from its sources: `npm run build:kernel`. The result is committed, so that nobody
 * needs the compiler to run Millrace; scripts/build-kernel.test.ts builds it again and compares the bytes.
 */
const kernelFile = new URL("../src/codec/kernel/kernel.wasm", import.meta.url);

if (import.meta.main) {
  const bytes = await compileKernel();
  const isSame = isCommitted(bytes);
  if (!isSame) writeFileSync(kernelFile, bytes);
  console.log(`kernel.wasm: ${bytes.length} bytes, ${isSame ? "as it was" : "written"}`);
}

/** True when the committed file has exactly these bytes. */
export function isCommitted(bytes: Uint8Array): boolean {
  try {
    return Buffer.compare(readFileSync(kernelFile), bytes) === 0;
  } catch {
    return false;
  }
}
