import type { ModDefinition } from "./define-mod.js";

/** The brand that {@link isModDefinition} looks for. A string, so that two loaded copies of mod-kit recognise each other's mods. */
export const MOD_BRAND = "datapy.mod";

/** The contract that this copy of mod-kit writes. A host refuses numbers that it does not know, by name. */
export const CONTRACT_VERSION = 1;

/** Whether `value` was made by `defineMod` of any copy of mod-kit. Never uses `instanceof`. */
export function isModDefinition(value: unknown): value is ModDefinition {
  return typeof value === "object" && value !== null && (value as { brand?: unknown }).brand === MOD_BRAND;
}
