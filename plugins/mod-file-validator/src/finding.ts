import type { FileRule } from "./rules.js";

/** What a rule found at a file. */
export interface Finding {
  readonly passed: boolean;
  /** What is so, or what is wrong. */
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export const passed = (message: string, details?: Finding["details"]): Finding => ({
  passed: true,
  message,
  ...(details === undefined ? {} : { details }),
});
export const broken = (message: string, details?: Finding["details"]): Finding => ({
  passed: false,
  message,
  ...(details === undefined ? {} : { details }),
});

/** A rule with its name and severity settled. */
export interface NamedRule {
  readonly rule: FileRule;
  readonly name: string;
  readonly severity: "error" | "warn";
}

/** Settles names: two rules of one check are told apart by their number. */
export function nameRules(rules: readonly FileRule[]): NamedRule[] {
  const used = new Set<string>();
  return rules.map((rule) => {
    const wanted = rule.name ?? rule.check;
    let name = wanted;
    for (let number = 2; used.has(name); number += 1) name = `${wanted}_${String(number)}`;
    used.add(name);
    return { rule, name, severity: rule.severity ?? "error" };
  });
}

/** Whether a number lies between bounds, in words. */
export function within(
  value: number,
  bounds: { readonly equals?: number; readonly min?: number; readonly max?: number },
): string | undefined {
  if (bounds.equals !== undefined && value !== bounds.equals) return `not ${String(bounds.equals)}`;
  if (bounds.min !== undefined && value < bounds.min) return `fewer than ${String(bounds.min)}`;
  if (bounds.max !== undefined && value > bounds.max) return `more than ${String(bounds.max)}`;
  return undefined;
}
