import type { ModDescription, ParameterDescription } from "@datapy/sdk/contract";

/** Between these two lines of a README stand the tables of its mods. */
export const README_START = "<!-- datapy:parameters:start -->";
export const README_END = "<!-- datapy:parameters:end -->";

type Described = Pick<ModDescription, "name" | "parameters" | "artifacts">;

/** Parameters and artifacts of a mod as two tables in Markdown. */
export function parameterTables({ parameters, artifacts }: Described): string {
  const parts = [
    parameters.length === 0
      ? "It takes no parameters."
      : table(
          ["Parameter", "Type", "Default", "Meaning"],
          parameters.map((one) => [
            code(one.name),
            one.type,
            defaultOf(one),
            `${one.deprecated ? "Deprecated. " : ""}${one.description}`,
          ]),
        ),
  ];
  if (artifacts.length > 0) {
    parts.push(
      table(
        ["Artifact", "Kind", "Meaning"],
        artifacts.map((one) => [code(one.key), one.optional ? `${one.kind}, in some runs` : one.kind, one.description]),
      ),
    );
  }
  return parts.join("\n\n");
}

/** A README with the tables between its marks made anew; `undefined` where it lacks the marks. Several mods get a heading each. */
export function withTables(readme: string, mods: readonly Described[]): string | undefined {
  const start = readme.indexOf(README_START);
  const end = readme.indexOf(README_END);
  if (start === -1 || end < start) return undefined;
  const tables = mods
    .map((mod) => (mods.length === 1 ? parameterTables(mod) : `### ${mod.name}\n\n${parameterTables(mod)}`))
    .join("\n\n");
  const generated = `<!-- prettier-ignore-start -->\n\n${tables}\n\n<!-- prettier-ignore-end -->`;
  return `${readme.slice(0, start + README_START.length)}\n${generated}\n${readme.slice(end)}`;
}

function defaultOf(parameter: ParameterDescription): string {
  if (parameter.required) return "**required**";
  return parameter.default === undefined ? "" : code(JSON.stringify(parameter.default));
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Text for a cell: one line, with bars escaped. */
function cell(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").replaceAll("|", "\\|");
}

function code(text: string): string {
  return text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``;
}
