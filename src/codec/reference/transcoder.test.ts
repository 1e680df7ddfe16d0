import { testTranscoder } from "../testing/transcoder-suites.ts";
import { createReferenceTranscoder } from "./transcoder.ts";

testTranscoder(createReferenceTranscoder);
