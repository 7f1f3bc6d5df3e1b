import { isDeepStrictEqual } from "node:util";
import { canonicalJson } from "../plan/canonical-json.js";
import type { Plan, PlanStep } from "../plan/plan-types.js";

/** What two plans of one job differ in, in words; empty where they are the same. */
export function planDifferences(then: Plan, now: Plan, prefix = ""): string[] {
  if (then.hash === now.hash) return [];
  const differences: string[] = [];
  const say = (what: string): void => {
    differences.push(`${prefix}${what}`);
  };
  if (then.environment !== now.environment)
    say(`the environment was ${then.environment ?? "none"} and is ${now.environment ?? "none"}`);
  compareValues(then.globals, now.globals, (name, was, is) => say(`globals.${name} was ${was} and is ${is}`));
  compareValues(then.settings, now.settings, (name, was, is) => say(`${name} was ${was} and is ${is}`));
  const [before, after] = [byId(then), byId(now)];
  for (const id of before.keys()) if (!after.has(id)) say(`step ${id} is gone`);
  for (const [id, step] of after) {
    const earlier = before.get(id);
    if (earlier === undefined) say(`step ${id} is new`);
    else differences.push(...stepDifferences(earlier, step, `${prefix}step ${id}: `));
  }
  if (differences.length === 0)
    say(
      canonicalJson(then.job) === canonicalJson(now.job) ? "the order of the steps" : "the job's name or description",
    );
  return differences;
}

function stepDifferences(then: PlanStep, now: PlanStep, prefix: string): string[] {
  const differences: string[] = [];
  const say = (what: string): void => {
    differences.push(prefix + what);
  };
  const [was, is] = [then.mod, now.mod];
  if (was?.name !== is?.name) say(`the mod was ${was?.name ?? "none"} and is ${is?.name ?? "none"}`);
  else if (was?.version !== is?.version)
    say(`the version of ${is?.name ?? ""} was ${was?.version ?? ""} and is ${is?.version ?? ""}`);
  else if (was?.source_hash !== is?.source_hash) say(`the file of the mod ${is?.name ?? ""} has changed`);
  compareValues(then.parameters, now.parameters, (name, old, value) => say(`${name} was ${old} and is ${value}`));
  if (then.sub_job !== undefined && now.sub_job !== undefined)
    differences.push(...planDifferences(then.sub_job, now.sub_job, prefix));
  const rest = ({
    id: _,
    hash: _h,
    mod: _m,
    parameters: _p,
    provenance: _o,
    sub_job: _s,
    ...other
  }: PlanStep): object => other;
  compareValues(rest(then), rest(now), (name, old, value) => say(`${name} was ${old} and is ${value}`));
  return differences;
}

function compareValues(then: object, now: object, differs: (name: string, was: string, is: string) => void): void {
  const [one, other] = [then as Record<string, unknown>, now as Record<string, unknown>];
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)]))
    if (!isDeepStrictEqual(plain(one[name]), plain(other[name]))) differs(name, words(one[name]), words(other[name]));
}

/** Objects of the configuration have no prototype; those that were read from a file have. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}

function words(value: unknown): string {
  if (value === undefined) return "not given";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function byId({ steps }: Plan): Map<string, PlanStep> {
  return new Map(steps.map((step) => [step.id, step]));
}
