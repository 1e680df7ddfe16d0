import { expect, it } from "vitest";
import { compileKernel } from "../src/codec/kernel/testing/compile-assembly.ts";
import { isCommitted } from "./build-kernel.ts";

/** Three seconds of computing, which a busy machine has been seen to stretch to forty. */
const PATIENCE_MS = 120_000;

it(
  "the committed kernel.wasm is what its sources make (else: npm run build:kernel)",
  async () => {
    expect(isCommitted(await compileKernel())).toBe(true);
  },
  PATIENCE_MS,
);
