import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import asc from "assemblyscript/asc";

const assemblyFolder = decodeURIComponent(new URL("../assembly/", import.meta.url).pathname);

/** A change of one source file, for variants in benches. `find` has to occur exactly once. */
export interface SourcePatch {
  /** In the assembly folder: `"bytes.ts"`. */
  file: string;
  find: string;
  replace: string;
}

/** `full`: as the kernel is shipped. `none`: the same rows, slower, in a tenth of the compiler's time. */
export type Optimisation = "full" | "none";

const optimisationFlags: Record<Optimisation, string> = { full: "-O3 --converge", none: "-O0" };

/**
 * Compiles the whole kernel: the bytes of kernel.wasm, or of a variant of it. Takes about three seconds.
 *
 * @throws Error with the compiler's own report, or when a patch does not fit the source.
 */
export async function compileKernel(
  patches: SourcePatch[] = [],
  optimisation: Optimisation = "full",
): Promise<Uint8Array<ArrayBuffer>> {
  return compileFiles(["kernel.ts"], patches, optimisation);
}

/**
 * Compiles files of the kernel's assembly folder (`"lz4.ts"`) into one module, without its host, and returns what they
 * export. The first call in a process takes one to two seconds. Takes the flags that the kernel itself is built with.
 *
 * @throws Error with the compiler's own report.
 */
export async function compileAssembly(...files: string[]): Promise<WebAssembly.Exports> {
  return (await WebAssembly.instantiate(await compileFiles(files))).instance.exports;
}

async function compileFiles(
  files: string[],
  patches: SourcePatch[] = [],
  optimisation: Optimisation = "full",
): Promise<Uint8Array<ArrayBuffer>> {
  const applied = new Set<SourcePatch>();
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const common = "--outFile kernel.wasm --noAssert --runtime stub --enable simd --enable bulk-memory";
  const flags = `${common} ${optimisationFlags[optimisation]}`;
  const { error, stderr } = await asc.main(
    [...files, ...flags.split(" "), "--use", "abort=", "--baseDir", assemblyFolder],
    {
      readFile: (name, baseDirectory) => readSource(resolve(baseDirectory, name), patches, applied),
      writeFile(_name, contents) {
        binary = Uint8Array.from(contents as Uint8Array);
      },
    },
  );
  if (error || !binary) throw new Error(`${files.join(", ")}: ${error?.message}\n${stderr.toString()}`);
  const unused = patches.find((patch) => !applied.has(patch));
  if (unused !== undefined) throw new Error(`${unused.file} is no source of the kernel`);
  return binary;
}

async function readSource(path: string, patches: SourcePatch[], applied: Set<SourcePatch>): Promise<string | null> {
  let source: string;
  try {
    source = await readFile(path, "utf8");
  } catch {
    return null; // the compiler tries several places for an import
  }
  for (const patch of patches) {
    if (path !== resolve(assemblyFolder, patch.file)) continue;
    if (source.split(patch.find).length !== 2) throw new Error(`A patch of ${patch.file} does not fit: ${patch.find}`);
    source = source.replace(patch.find, () => patch.replace);
    applied.add(patch);
  }
  return source;
}
