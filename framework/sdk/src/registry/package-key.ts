import path from "node:path";

/** Categories of the `datapy` key. */
export const MOD_CATEGORIES = ["source", "transformer", "sink", "solo"] as const;

/** Contracts that this host can run. */
export const KNOWN_CONTRACTS: readonly number[] = [1];

const MOD_NAME = /^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/;
const KEYS_OF_DATAPY = ["contract", "mods"];
const KEYS_OF_MOD = ["name", "category", "entry", "description"];

/** One mod of the `datapy` key. */
export interface PackageKeyMod {
  /** With `-`. */
  readonly name: string;
  readonly category: string;
  /** As written, relative to the package. */
  readonly entry: string;
  readonly description: string;
}

/** What is wrong with the `datapy` or the `oclif` key. */
export interface PackageKeyFault {
  readonly code:
    "DATAPY_PACKAGE_KEY_INVALID" | "DATAPY_CONTRACT_UNKNOWN" | "DATAPY_PACKAGE_RUNS_CODE" | "DATAPY_ENTRY_OUTSIDE";
  readonly detail: string;
  /** Mods that the fault keeps out, as far as their names can be read. */
  readonly mods: readonly string[];
}

/** The `datapy` key, read. */
export type PackageKey =
  | { readonly contract: number; readonly mods: readonly PackageKeyMod[]; readonly fault?: undefined }
  | { readonly fault: PackageKeyFault };

/**
 * Reads the `datapy` key of a package.json: the first two load checks, and that no entry leads out of the package by its name. A
 * package with hooks or commands is refused: they would run inside the host.
 */
export function readPackageKey(manifest: Readonly<Record<string, unknown>>): PackageKey {
  const key = manifest["datapy"];
  const names = namesIn(key);
  const refuse = (code: PackageKeyFault["code"], detail: string): PackageKey => ({
    fault: { code, detail, mods: names },
  });

  const contract = isObject(key) ? key["contract"] : undefined;
  // A later contract may have other keys: its number is looked at before them.
  if (
    typeof contract === "number" &&
    Number.isInteger(contract) &&
    contract > 0 &&
    !KNOWN_CONTRACTS.includes(contract)
  ) {
    return refuse("DATAPY_CONTRACT_UNKNOWN", String(contract));
  }
  const faults = [...faultsOfPackage(manifest), ...faultsOfKey(key)];
  if (faults.length > 0) return refuse("DATAPY_PACKAGE_KEY_INVALID", faults.join("; "));

  const oclif = manifest["oclif"];
  const extras = isObject(oclif) ? Object.keys(oclif) : [];
  if (extras.length > 0) return refuse("DATAPY_PACKAGE_RUNS_CODE", extras.join(", "));

  const { mods } = key as { readonly mods: readonly PackageKeyMod[] };
  for (const { name, entry } of mods) {
    if (leadsOut(entry)) return refuse("DATAPY_ENTRY_OUTSIDE", `the entry ${entry} of ${name}`);
  }
  return { contract: contract as number, mods: mods.map((one) => ({ ...one, name: canonicalName(one.name) })) };
}

/** A mod's name as the registry keeps it: with `-`. */
export function canonicalName(name: string): string {
  return name.replaceAll("_", "-");
}

function faultsOfPackage(manifest: Readonly<Record<string, unknown>>): string[] {
  const faults: string[] = [];
  if (typeof manifest["name"] !== "string" || manifest["name"] === "") faults.push("the package has no `name`");
  if (typeof manifest["version"] !== "string" || manifest["version"] === "")
    faults.push("the package has no `version`");
  const oclif = manifest["oclif"];
  if (!isObject(oclif)) faults.push("`oclif` must be {}, or `datapy plugins:install` cannot install the package");
  return faults;
}

function faultsOfKey(key: unknown): string[] {
  if (!isObject(key)) return [`\`datapy\` must be an object, not ${shown(key)}`];
  const faults = unknownKeys("datapy", key, KEYS_OF_DATAPY);
  if (key["contract"] === undefined) faults.push("`datapy.contract` is missing");
  else if (!KNOWN_CONTRACTS.includes(key["contract"] as number)) {
    faults.push(
      `\`datapy.contract\` must be the number ${KNOWN_CONTRACTS.join(" or ")}, not ${shown(key["contract"])}`,
    );
  }
  const mods = key["mods"];
  if (mods === undefined) return [...faults, "`datapy.mods` is missing"];
  if (!Array.isArray(mods) || mods.length === 0) return [...faults, "`datapy.mods` must be a list of one mod or more"];
  const seen = new Set<string>();
  mods.forEach((mod: unknown, index) => {
    const at = `datapy.mods[${index}]`;
    faults.push(...faultsOfMod(at, mod));
    const name = isObject(mod) && typeof mod["name"] === "string" ? canonicalName(mod["name"]) : undefined;
    if (name === undefined) return;
    if (seen.has(name)) faults.push(`\`${at}.name\`: the package has two mods named ${name}`);
    seen.add(name);
  });
  return faults;
}

function faultsOfMod(at: string, mod: unknown): string[] {
  if (!isObject(mod)) return [`\`${at}\` must be an object, not ${shown(mod)}`];
  const faults = unknownKeys(at, mod, KEYS_OF_MOD);
  for (const key of KEYS_OF_MOD) {
    const value = mod[key];
    if (value === undefined) faults.push(`\`${at}.${key}\` is missing`);
    else if (typeof value !== "string" || value.trim() === "")
      faults.push(`\`${at}.${key}\` must be text, not ${shown(value)}`);
  }
  const { name, category } = mod;
  if (typeof name === "string" && name !== "" && !MOD_NAME.test(name)) {
    faults.push(`\`${at}.name\` must be small letters and digits with - or _ between them, not ${shown(name)}`);
  }
  if (typeof category === "string" && category !== "" && !(MOD_CATEGORIES as readonly string[]).includes(category)) {
    faults.push(`\`${at}.category\` must be one of ${MOD_CATEGORIES.join(", ")}, not ${shown(category)}`);
  }
  return faults;
}

function unknownKeys(at: string, object: Readonly<Record<string, unknown>>, known: readonly string[]): string[] {
  return Object.keys(object)
    .filter((key) => !known.includes(key))
    .map((key) => `\`${at}.${key}\` is not known`);
}

/** Whether a relative path names something outside its folder, on any platform. Links are looked at when the file is. */
function leadsOut(entry: string): boolean {
  const plain = entry.replaceAll("\\", "/");
  if (plain.startsWith("/") || /^[A-Za-z]:/.test(plain) || plain.includes("\0")) return true;
  const normal = path.posix.normalize(plain);
  return normal === ".." || normal.startsWith("../");
}

function namesIn(key: unknown): string[] {
  if (!isObject(key) || !Array.isArray(key["mods"])) return [];
  return key["mods"].flatMap((mod: unknown) =>
    isObject(mod) && typeof mod["name"] === "string" ? [canonicalName(mod["name"])] : [],
  );
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) return "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
