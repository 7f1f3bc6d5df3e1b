/** A `${…}` in a text, taken apart. */
export type Reference =
  | { readonly kind: "globals" | "project"; readonly path: readonly string[] }
  | { readonly kind: "env"; readonly name: string; readonly fallback: string | undefined }
  | { readonly kind: "session"; readonly path: readonly ["id"] }
  | { readonly kind: "run"; readonly path: readonly ["date"] }
  | {
      readonly kind: "mods";
      readonly step: string;
      readonly part: "artifacts" | "metrics" | "globals";
      readonly path: readonly string[];
    }
  /** The item of a step with `foreach`, whole (an empty path) or a part of it. */
  | { readonly kind: "item"; readonly path: readonly string[] }
  | { readonly kind: "secret"; readonly provider: string; readonly key: string }
  /** Not understood; `detail` says why. */
  | { readonly kind: "faulty"; readonly detail: string };

/** A piece of a text: characters that stand for themselves, or a reference. */
export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  /** `raw` is the reference as written, with `${` and `}`; `index` is its place in the text. */
  | { readonly kind: "reference"; readonly reference: Reference; readonly raw: string; readonly index: number };

const OPEN = "${";

/** Most references that one text may hold: more is no configuration, and would take its time. */
const MOST_REFERENCES = 1000;

/** Longest reference that a message repeats. */
const LONGEST_SHOWN = 80;

/** A reference as messages show it. */
export function shownReference(raw: string): string {
  return raw.length > LONGEST_SHOWN ? `${raw.slice(0, LONGEST_SHOWN)}…` : raw;
}

/** Whether {@link parseTemplate} would find anything but plain text. */
export function hasTemplate(text: string): boolean {
  return text.includes(OPEN);
}

/**
 * Takes a text apart. `$${` is a literal `${`. A reference ends at the first `}`. Joining the parts, references written as
 * `raw` and every literal `${` as `$${`, gives the text back.
 */
export function parseTemplate(text: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let literal = "";
  let from = 0;
  let count = 0;
  const flush = (): void => {
    if (literal !== "") parts.push({ kind: "text", text: literal });
    literal = "";
  };
  for (;;) {
    const open = text.indexOf(OPEN, from);
    if (open === -1) break;
    if (open > from && text[open - 1] === "$") {
      literal += `${text.slice(from, open - 1)}${OPEN}`;
      from = open + OPEN.length;
      continue;
    }
    literal += text.slice(from, open);
    flush();
    count += 1;
    const close = count > MOST_REFERENCES ? -1 : text.indexOf("}", open);
    const end = close === -1 ? text.length : close + 1;
    const raw = text.slice(open, end);
    const reference: Reference =
      count > MOST_REFERENCES
        ? faulty(`one text holds ${MOST_REFERENCES} references at most`)
        : close === -1
          ? faulty("its } is missing")
          : parseReference(raw.slice(2, -1));
    parts.push({ kind: "reference", reference, raw, index: open });
    from = end;
  }
  literal += text.slice(from);
  flush();
  return parts;
}

/** Understands what stands between `${` and `}`. */
export function parseReference(inner: string): Reference {
  const text = inner.trim();
  const dot = text.indexOf(".");
  const namespace = dot === -1 ? text : text.slice(0, dot);
  const rest = dot === -1 ? "" : text.slice(dot + 1);
  if (text === "item") return { kind: "item", path: [] };
  if (dot === -1 || rest === "") return faulty(text === "" ? "it is empty" : "it needs a name after a dot");
  switch (namespace) {
    case "globals":
    case "project":
      return withPath(rest, (path) => ({ kind: namespace, path }));
    case "env":
      return environmentReference(rest);
    case "item":
      return withPath(rest, (path) => ({ kind: "item", path }));
    case "session":
      return rest === "id" ? { kind: "session", path: ["id"] } : faulty("session has only id");
    case "run":
      return rest === "date" ? { kind: "run", path: ["date"] } : faulty("run has only date");
    case "mods":
    case "steps":
      return withPath(rest, stepReference);
    case "secret":
      return secretReference(rest);
    default:
      return faulty(`there is no namespace ${namespace}`);
  }
}

function withPath(rest: string, make: (path: readonly string[]) => Reference): Reference {
  const path = rest.split(".");
  return path.includes("") ? faulty("a name between two dots is missing") : make(path);
}

function environmentReference(rest: string): Reference {
  const split = rest.indexOf(":-");
  const name = split === -1 ? rest : rest.slice(0, split);
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return faulty(`${name} is not the name of an environment variable`);
  return { kind: "env", name, fallback: split === -1 ? undefined : rest.slice(split + 2) };
}

function stepReference(path: readonly string[]): Reference {
  const [step, part, ...key] = path;
  if (step === undefined || key.length === 0) return faulty("it is written mods.STEP.artifacts.KEY");
  if (part !== "artifacts" && part !== "metrics" && part !== "globals") {
    return faulty(`a step gives artifacts, metrics and globals, not ${String(part)}`);
  }
  return { kind: "mods", step, part, path: key };
}

function secretReference(rest: string): Reference {
  const match = /^([A-Za-z][A-Za-z0-9_-]*)([.:])(.+)$/s.exec(rest);
  if (match === null) return faulty("it is written secret.PROVIDER.NAME or secret.PROVIDER:PATH");
  return { kind: "secret", provider: match[1] as string, key: match[3] as string };
}

function faulty(detail: string): Reference {
  return { kind: "faulty", detail };
}
