/**
 * What the kernel's host and tests use of WebAssembly's JavaScript interface (https://www.w3.org/TR/wasm-js-api-2/).
 * TypeScript declares it with the browser's names only, which this project does not load.
 */
declare namespace WebAssembly {
  type Exports = Record<string, unknown>;
  interface Global {
    value: number | bigint;
  }
  interface Memory {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  interface Module {
    readonly [moduleBrand]: never;
  }
  interface Instance {
    readonly exports: Exports;
  }
  const moduleBrand: unique symbol;
  const Module: new (bytes: Uint8Array) => Module;
  const Instance: new (module: Module, imports?: object) => Instance;
  function compile(bytes: Uint8Array<ArrayBuffer>): Promise<Module>;
  function instantiate(module: Module, imports?: object): Promise<Instance>;
  function instantiate(
    bytes: Uint8Array<ArrayBuffer>,
    imports?: object,
  ): Promise<{ readonly module: Module; readonly instance: Instance }>;
}
