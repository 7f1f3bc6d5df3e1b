import { isDeepStrictEqual } from "node:util";
import { dump } from "js-yaml";
import { parseYaml } from "../config/parse-yaml.js";
import { nodeToJson } from "../config/yaml-document.js";

/** Adds parameters to the text of a file, each with its note above it. What stands in the text stays as it is, comments too. */
export function withParameters(
  text: string,
  params: Readonly<Record<string, unknown>>,
  notes: Readonly<Record<string, string>>,
): string {
  const parts = Object.entries(params).map(
    ([key, value]) => comment(Object.hasOwn(notes, key) ? notes[key] : undefined) + entry(key, value),
  );
  if (parts.length === 0) return text;
  return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${parts.join("")}`;
}

function comment(note: string | undefined): string {
  return note === undefined ? "" : note.replace(/^/gm, "# ").replace(/[^\S\n]+$/gm, "") + "\n";
}

/** One key with its value, in block form down to the values of a mapping, which stand on a line each. */
function entry(key: string, value: unknown): string {
  const content = { [key]: value };
  const written = dump(content, { flowLevel: 2, lineWidth: -1, noRefs: true });
  // Names of columns and values of a dialect are odd texts, and what is written must be read again as it was. JSON is YAML, too.
  return isReadAs(written, content) ? written : `${JSON.stringify(key)}: ${JSON.stringify(content[key])}\n`;
}

function isReadAs(text: string, content: unknown): boolean {
  try {
    const read: unknown = JSON.parse(JSON.stringify(nodeToJson(parseYaml(text, "").root)));
    return isDeepStrictEqual(read, JSON.parse(JSON.stringify(content)));
  } catch {
    return false;
  }
}

/** Parameters in which `${` stands for itself. */
export function asData(params: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return literal(params) as Record<string, unknown>;
}

function literal(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("${", () => "$${");
  if (Array.isArray(value)) return value.map(literal);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, literal(item)]));
}
