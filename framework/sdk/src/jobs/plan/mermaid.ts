import type { Plan, PlanStep } from "./plan-types.js";

/** A plan as a Mermaid flowchart, which documentation and pull requests show as a picture. */
export function planAsMermaid(plan: Plan): string {
  const lines = ["flowchart TD"];
  draw(plan, "", "  ", lines);
  return lines.join("\n");
}

function draw(plan: Plan, prefix: string, indent: string, lines: string[]): void {
  for (const step of plan.steps) {
    const name = nodeName(prefix + step.id);
    if (step.sub_job === undefined) lines.push(`${indent}${name}${shape(step)}`);
    else {
      lines.push(`${indent}subgraph ${name}["${text(labelOf(step))}"]`);
      draw(step.sub_job, `${prefix}${step.id}.`, `${indent}  `, lines);
      lines.push(`${indent}end`);
    }
  }
  for (const { from, to, because } of plan.edges) {
    const arrow = because === "always" ? "-.->" : "-->";
    lines.push(`${indent}${nodeName(prefix + from)} ${arrow} ${nodeName(prefix + to)}`);
  }
}

function shape(step: PlanStep): string {
  const label = `"${text(labelOf(step))}"`;
  if (step.always) return `([${label}])`;
  if (step.foreach !== undefined) return `[[${label}]]`;
  return step.when === undefined ? `[${label}]` : `{{${label}}}`;
}

function labelOf({ id, mod, sub_job: subJob }: PlanStep): string {
  const runs = mod?.name ?? subJob?.job.name ?? "";
  return runs === id.replaceAll("_", "-") ? id : `${id}: ${runs}`;
}

/** Words such as `end` mean something to Mermaid. */
function nodeName(path: string): string {
  return `s_${path.replace(/[^A-Za-z0-9_]/g, (character) => `_${character.charCodeAt(0).toString(16)}_`)}`;
}

function text(label: string): string {
  return label.replace(/["<>#]/g, (character) => `#${String(character.charCodeAt(0))};`);
}
