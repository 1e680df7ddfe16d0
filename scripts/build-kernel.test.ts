import { expect, it } from "vitest";
import { compileKernel } from "../src/codec/kernel/testing/compile-assembly.ts";
import { isCommitted } from "./build-kernel.ts";

it("the committed kernel.wasm is what its sources make (else: npm run build:kernel)", async () => {
  expect(isCommitted(await compileKernel())).toBe(true);
});
