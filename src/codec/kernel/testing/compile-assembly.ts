import asc from "assemblyscript/asc";

const assemblyFolder = decodeURIComponent(new URL("../assembly/", import.meta.url).pathname);

/** Compiles the whole kernel: the bytes of kernel.wasm. Takes about three seconds. */
export async function compileKernel(): Promise<Uint8Array<ArrayBuffer>> {
  return compileFiles(["kernel.ts"]);
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

async function compileFiles(files: string[]): Promise<Uint8Array<ArrayBuffer>> {
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const flags = "--outFile kernel.wasm -O3 --converge --noAssert --runtime stub --enable simd --enable bulk-memory";
  const { error, stderr } = await asc.main(
    [...files, ...flags.split(" "), "--use", "abort=", "--baseDir", assemblyFolder],
    {
      writeFile(_name, contents) {
        binary = Uint8Array.from(contents as Uint8Array);
      },
    },
  );
  if (error || !binary) throw new Error(`${files.join(", ")}: ${error?.message}\n${stderr.toString()}`);
  return binary;
}
