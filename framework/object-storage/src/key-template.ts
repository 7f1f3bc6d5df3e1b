import path from "node:path";
import { closestName } from "@datapy/mod-kit";
import { storageFault } from "./object-storage-errors.js";
import { keyBelow } from "./safe-path.js";

/** What the places of a key template are filled with. */
export interface TemplateValues {
  /** Path of the file below the folder that was named, with `/` between its steps; its name where a file was named. */
  readonly path: string;
  /** When the run began. */
  readonly now: Date;
  readonly runId: string;
  readonly sessionId: string;
  /** Number of the file in the run, from 1. */
  readonly index: number;
}

const PLACES: Readonly<Record<string, (values: TemplateValues) => string>> = {
  path: ({ path: file }) => file,
  folder: ({ path: file }) => (path.posix.dirname(file) === "." ? "" : path.posix.dirname(file)),
  name: ({ path: file }) => path.posix.basename(file),
  stem: ({ path: file }) => path.posix.basename(file, path.posix.extname(file)),
  extension: ({ path: file }) => path.posix.extname(file).slice(1),
  date: ({ now }) => local(now).slice(0, 10),
  year: ({ now }) => local(now).slice(0, 4),
  month: ({ now }) => local(now).slice(5, 7),
  day: ({ now }) => local(now).slice(8, 10),
  hour: ({ now }) => local(now).slice(11, 13),
  time: ({ now }) => local(now).slice(11, 19).replaceAll(":", ""),
  timestamp: ({ now }) => now.toISOString().replace(/[-:]|\.\d+/g, ""),
  run_id: ({ runId }) => runId,
  session_id: ({ sessionId }) => sessionId,
  index: ({ index }) => String(index).padStart(5, "0"),
};

/** Names of the places, for people. */
export const TEMPLATE_PLACES: readonly string[] = Object.keys(PLACES);

/** Time of this machine's own zone, as `2024-08-12T09:05:00`. */
function local(now: Date): string {
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString();
}

/** A template taken apart. */
export type KeyTemplate = readonly (string | ((values: TemplateValues) => string))[];

/** Takes a template such as `year={year}/{stem}.{extension}` apart. Throws `S3_TEMPLATE_INVALID`. */
export function parseTemplate(template: string): KeyTemplate {
  const refuse = (reason: string): never => {
    throw storageFault("S3_TEMPLATE_INVALID", { template: JSON.stringify(template), reason });
  };
  if (template.startsWith("/")) refuse("a key begins without a slash");
  const parts: (string | ((values: TemplateValues) => string))[] = [];
  for (const token of template.match(/\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+/g) ?? []) {
    if (token === "{{" || token === "}}") parts.push(token.slice(1));
    else if (token === "{" || token === "}") refuse(`a brace ${token} stands alone`);
    else if (token.startsWith("{")) {
      const name = token.slice(1, -1);
      const place = Object.hasOwn(PLACES, name) ? PLACES[name] : undefined;
      if (place === undefined) {
        const near = closestName(name, TEMPLATE_PLACES);
        refuse(
          `there is no ${token}; ${near === undefined ? "" : `did you mean {${near}}? `}There are ${TEMPLATE_PLACES.map((one) => `{${one}}`).join(", ")}`,
        );
      } else parts.push(place);
    } else parts.push(token);
  }
  return parts;
}

/**
 * The key that a file gets. A place that is empty (`{folder}` of a file that lies in none) leaves no empty step behind. The key stays below
 * `prefix`: throws `S3_KEY_UNSAFE`.
 */
export function fillTemplate(template: KeyTemplate, prefix: string, values: TemplateValues): string {
  const filled = template.map((part) => (typeof part === "string" ? part : part(values))).join("");
  const steps = filled.split("/").filter((step, index, all) => step !== "" || (index === all.length - 1 && index > 0));
  return keyBelow(prefix, steps.join("/"));
}
