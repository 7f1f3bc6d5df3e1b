/**
 * DuckDB's module, loaded so that its one TextDecoder keeps a byte order mark at the beginning of a text, as the host loads it too. A
 * test file shares one copy of the module with the host, and whoever loads it first decides.
 */
function load(): typeof import("@duckdb/node-api") {
  const { TextDecoder: Original } = globalThis;
  globalThis.TextDecoder = class extends Original {
    constructor(label?: string, options?: ConstructorParameters<typeof Original>[1]) {
      super(label, { ...options, ignoreBOM: true });
    }
  };
  try {
    // An import would be loaded before the line above.
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- see above
    return require("@duckdb/node-api") as typeof import("@duckdb/node-api");
  } finally {
    globalThis.TextDecoder = Original;
  }
}

export const { DuckDBInstance } = load();
