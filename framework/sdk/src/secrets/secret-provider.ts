/**
 * Gives secrets by key. Built in are `env` (`${secret.env.NAME}`) and `file` (`${secret.file:/run/secrets/x}`). A package of
 * another team makes one by a default export of this shape (or a function from options to it); a project allows it by
 *
 * ```yaml
 * secrets:
 *   providers:
 *     env: {}
 *     vault: { module: "@acme/datapy-vault", address: "https://vault.internal:8200" }
 * ```
 *
 * and files then write `${secret.vault:kv/data/etl#password}`.
 */
export interface SecretProvider {
  /**
   * The secret of `key`, or `undefined` where there is none. What it throws is reported by message, so a message must not hold a
   * secret. Called once per key and invocation.
   */
  read(key: string, context: SecretContext): Promise<string | undefined> | string | undefined;
}

/** What a provider is given beside the key. */
export interface SecretContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of the project file, else the working directory: relative names are taken from it. Absolute. */
  readonly directory: string;
  /** What the project says of this provider, without `module`. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Default export of a provider's module. */
export type SecretProviderModule =
  SecretProvider | ((options: Readonly<Record<string, unknown>>) => SecretProvider | Promise<SecretProvider>);
