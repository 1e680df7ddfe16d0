import { testTranscoder } from "../fixtures/transcoder-suites.ts";
import { createReferenceTranscoder } from "./transcoder.ts";

testTranscoder(createReferenceTranscoder);
