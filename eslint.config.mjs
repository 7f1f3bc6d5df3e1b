// The rules that a machine can check. Two of them are the architecture: imports run downward only, and a mod sees nothing of its host
// but the context that it is handed.
import tseslint from "typescript-eslint";
import js from "@eslint/js";

const SOURCES = ["framework/*/src/**/*.{ts,tsx,mts,cts}", "plugins/*/src/**/*.{ts,mts,cts}"];
const TESTS = ["framework/*/test/**/*.{ts,tsx}", "plugins/*/test/**/*.ts", "projects/*/test/**/*.ts", "test/**/*.ts"];

/** A package reaches another by its name, never by its place in this repository. */
const byPlace = {
  regex:
    "^((\\.\\./){3,}(framework|plugins)|(\\.\\./)+(cli|console|sdk|database|object-storage|mod-[a-z-]+)/(src|dist))(/|$)",
  message: "Import the package by its name.",
};

/** Forbids imports whose name matches `regex`, in the sources that match `files`. */
function direction(files, regex, message) {
  return {
    files,
    rules: { "@typescript-eslint/no-restricted-imports": ["error", { patterns: [{ regex, message }, byPlace] }] },
  };
}

const nodeGlobals = Object.fromEntries(
  [
    "AbortController",
    "AbortSignal",
    "Buffer",
    "URL",
    "URLSearchParams",
    "WebAssembly",
    "clearInterval",
    "clearTimeout",
    "console",
    "fetch",
    "performance",
    "process",
    "queueMicrotask",
    "setImmediate",
    "setInterval",
    "setTimeout",
    "structuredClone",
    "TextDecoder",
    "TextEncoder",
  ].map((name) => [name, "readonly"]),
);

export default tseslint.config(
  {
    ignores: [
      "**/node_modules/",
      "**/dist/",
      "**/.datapy/",
      "**/fixtures/",
      "**/samples/",
      "**/test/types/",
      "coverage/",
      "plugins/*/assembly/",
      "benchmarks/.data/",
    ],
  },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-restricted-properties": [
        "error",
        {
          object: "process",
          property: "exit",
          message: "It loses what is still to be written. Drain, then set process.exitCode.",
        },
      ],
      "prefer-const": "error",
      // A parser has reasons to look for control characters.
      "no-control-regex": "off",
    },
  },
  {
    files: ["**/*.{js,mjs}"],
    languageOptions: { globals: nodeGlobals, sourceType: "module" },
  },
  {
    files: ["**/*.cjs", "**/bin/*.js"],
    languageOptions: {
      globals: {
        ...nodeGlobals,
        afterAll: "readonly",
        module: "writable",
        require: "readonly",
        __dirname: "readonly",
        __filename: "readonly",
      },
      sourceType: "commonjs",
    },
  },
  {
    files: [...SOURCES, ...TESTS, "jest.config.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: [
          "framework/*/tsconfig.json",
          "plugins/*/tsconfig.json",
          "framework/*/tsconfig.*.json",
          "tsconfig.tests.json",
        ],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/consistent-type-imports": ["error", { disallowTypeAnnotations: false }],
      "@typescript-eslint/no-import-type-side-effects": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/naming-convention": [
        "error",
        { selector: "interface", format: ["PascalCase"], custom: { regex: "^I[A-Z]", match: false } },
      ],
      // `x["name"]` on an index signature says that the key is data, not a member.
      "@typescript-eslint/dot-notation": "off",
      // `Record<never, never>` stands for "no artifacts" in the contract.
      "@typescript-eslint/no-generated-empty-object-type": "off",
      "@typescript-eslint/no-empty-object-type": ["error", { allowInterfaces: "with-single-extends" }],
      // These ask for another spelling of the same, or contradict each other.
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/no-dynamic-delete": "off",
      "@typescript-eslint/no-meaningless-void-operator": "off",
      "@typescript-eslint/no-misused-spread": "off",
      "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
      "@typescript-eslint/non-nullable-type-assertion-style": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", ignoreRestSiblings: true }],
    },
  },
  {
    files: SOURCES,
    rules: { "no-console": "error" },
  },
  {
    // A test may take what is there: jest fails it when it is not.
    files: TESTS,
    rules: {
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/no-base-to-string": "off",
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/unbound-method": "off",
    },
  },
  direction(
    ["framework/mod-kit/src/**"],
    "^(@datapy/|@oclif/|winston|@duckdb/)",
    "mod-kit stands at the bottom: it imports TypeBox only.",
  ),
  direction(
    ["framework/sdk/src/**"],
    "^(@datapy/(?!mod-kit($|/))|@oclif/|oclif$|fastify|react)",
    "Imports run downward: sdk → mod-kit. The sdk imports no mod, no command line and no web.",
  ),
  direction(
    ["framework/database/src/**"],
    "^(@datapy/(?!mod-kit($|/))|@oclif/|winston|@duckdb/)",
    "Imports run downward: database → mod-kit.",
  ),
  direction(
    ["framework/object-storage/src/**"],
    "^(@datapy/(?!mod-kit($|/))|@oclif/|winston|@duckdb/)",
    "Imports run downward: object-storage → mod-kit.",
  ),
  direction(
    ["framework/mod-testkit/src/**"],
    "^(@datapy/(?!(sdk|mod-kit)($|/))|@oclif/)",
    "Imports run downward: mod-testkit → sdk → mod-kit.",
  ),
  direction(
    ["framework/console/src/**"],
    "^(@datapy/(?!(sdk|mod-kit)($|/))|@oclif/)",
    "Imports run downward: console → sdk → mod-kit.",
  ),
  direction(
    ["framework/cli/src/**"],
    "^(@datapy/(?!(console|sdk|mod-kit)($|/))|winston|@duckdb/)",
    "Imports run downward: cli → console → sdk → mod-kit. A command calls the sdk.",
  ),
  direction(
    ["plugins/*/src/**"],
    "^(@datapy/(?!(mod-kit|database|object-storage)($|/))|@oclif/|oclif$|winston|@duckdb/)",
    "A mod imports mod-kit (and database, object-storage). What it needs of the host is in its context.",
  ),
);
