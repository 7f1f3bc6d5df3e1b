// The parts of the WebAssembly interface that the scanner uses. TypeScript ships them only with its library for browsers.
declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- that is how the interface is declared everywhere
  namespace WebAssembly {
    // eslint-disable-next-line @typescript-eslint/no-extraneous-class -- it is opaque
    class Module {
      constructor(bytes: Uint8Array);
    }
    class Instance {
      constructor(module: Module, imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>);
      readonly exports: Readonly<Record<string, unknown>>;
    }
    interface Memory {
      readonly buffer: ArrayBuffer;
    }
    interface Global {
      value: unknown;
    }
  }
}

export {};
