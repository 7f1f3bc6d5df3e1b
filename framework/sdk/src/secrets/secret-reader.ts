import { pathToFileURL } from "node:url";
import type { ErrorCode } from "../errors.js";
import { environmentProvider, fileProvider } from "./builtin-providers.js";
import { resolveModule } from "./resolve-module.js";
import type { SecretProvider } from "./secret-provider.js";

/** A secret, or why there is none. */
export type SecretOutcome = { readonly value: string } | { readonly code: ErrorCode; readonly detail: string };

/** Providers that a project allows, with their options, by name. */
export type AllowedProviders = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** What is allowed where a project says nothing: the two built-in providers. */
export const DEFAULT_PROVIDERS: AllowedProviders = new Map([
  ["env", {}],
  ["file", {}],
]);

/** Reads secrets, each once. Nothing is read before it is asked for. */
export class SecretReader {
  readonly #outcomes = new Map<string, SecretOutcome>();
  readonly #providers = new Map<string, Promise<SecretProvider>>();

  constructor(
    readonly options: {
      readonly allowed: AllowedProviders;
      readonly env: Readonly<Record<string, string | undefined>>;
      readonly directory: string;
      /** Called with every secret as it is read. */
      readonly found: (value: string) => void;
    },
  ) {}

  /** Reads a secret, so that {@link get} knows it. Never rejects. */
  async read(provider: string, key: string): Promise<void> {
    const id = `${provider}:${key}`;
    if (this.#outcomes.has(id)) return;
    const outcome = await this.#ask(provider, key);
    if ("value" in outcome) this.options.found(outcome.value);
    this.#outcomes.set(id, outcome);
  }

  /** What {@link read} found. */
  get(provider: string, key: string): SecretOutcome {
    return this.#outcomes.get(`${provider}:${key}`) ?? { code: "DATAPY_SECRET_MISSING", detail: "it was not read" };
  }

  async #ask(name: string, key: string): Promise<SecretOutcome> {
    const options = this.options.allowed.get(name);
    if (options === undefined) {
      const allowed = [...this.options.allowed.keys()].join(", ");
      return {
        code: "DATAPY_SECRET_PROVIDER",
        detail: `the project does not allow (it allows ${allowed === "" ? "none" : allowed})`,
      };
    }
    let provider: SecretProvider;
    try {
      provider = await this.#provider(name, options);
    } catch (error) {
      return { code: "DATAPY_SECRET_PROVIDER", detail: `cannot be loaded: ${messageOf(error)}` };
    }
    try {
      const { module: _module, ...own } = options;
      const value: unknown = await provider.read(key, {
        env: this.options.env,
        directory: this.options.directory,
        options: own,
      });
      if (typeof value === "string" && value !== "") return { value };
      const none = name === "env" ? `the environment variable ${key} is not set` : "there is none of that name";
      const what = value === undefined ? none : value === "" ? "it is empty" : "the provider gave no text";
      return { code: "DATAPY_SECRET_MISSING", detail: what };
    } catch (error) {
      return { code: "DATAPY_SECRET_MISSING", detail: messageOf(error) };
    }
  }

  #provider(name: string, options: Readonly<Record<string, unknown>>): Promise<SecretProvider> {
    let provider = this.#providers.get(name);
    if (provider === undefined) {
      provider = this.#load(name, options);
      this.#providers.set(name, provider);
    }
    return provider;
  }

  async #load(name: string, options: Readonly<Record<string, unknown>>): Promise<SecretProvider> {
    const { module: specifier, ...own } = options;
    if (specifier === undefined) {
      if (name === "env") return environmentProvider;
      if (name === "file") return fileProvider;
      throw new Error("it is not built in, and the project names no `module` for it");
    }
    if (typeof specifier !== "string") throw new Error("its `module` is no text");
    const entry = resolveModule(specifier, this.options.directory);
    const loaded = (await import(pathToFileURL(entry).href)) as { default?: unknown };
    // A CommonJS module compiled from TypeScript has its default export one level deeper.
    const outer = loaded.default as { default?: unknown } | undefined;
    const exported: unknown = outer?.default ?? outer;
    const made: unknown =
      typeof exported === "function" ? await (exported as (options: object) => unknown)(own) : exported;
    if (typeof made === "object" && made !== null && typeof (made as Partial<SecretProvider>).read === "function") {
      return made as SecretProvider;
    }
    throw new Error(`${specifier} has no default export with a function read`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
