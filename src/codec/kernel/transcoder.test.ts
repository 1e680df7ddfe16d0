import { loadKernelModule } from "../../../workers/kernel-module.ts";
import { testTranscoder } from "../testing/transcoder-suites.ts";
import { createKernelTranscoder } from "./transcoder.ts";

const module = loadKernelModule();

testTranscoder((plan, inflaters) => createKernelTranscoder(plan, inflaters, module));
