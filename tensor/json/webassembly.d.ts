/** The part of the WebAssembly API that is used here; TypeScript declares it for browsers only, in its library "dom". */
declare namespace WebAssembly {
  type Imports = Readonly<Record<string, Readonly<Record<string, (...numbers: number[]) => number>>>>;

  interface Instance {
    readonly exports: unknown;
  }
  interface Memory {
    readonly buffer: ArrayBuffer;
  }
  interface Global {
    readonly value: number;
  }

  const Module: new (bytes: Uint8Array) => object;
  const Instance: new (module: object, imports: Imports) => Instance;
}
