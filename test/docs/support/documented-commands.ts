/** A fenced block of a page. */
export interface Fence {
  readonly language: string;
  /** What stands after the language, such as `file=my-mod.ts`. */
  readonly info: string;
  readonly text: string;
  /** Line of the opening fence, counted from 1. */
  readonly line: number;
}

/** A command of a `console` block, and what it is said to print. */
export interface DocumentedCommand {
  readonly command: string;
  readonly output: string;
  readonly line: number;
}

/** The fenced blocks of a Markdown text, in order. */
export function fences(markdown: string): Fence[] {
  const found: Fence[] = [];
  const lines = markdown.split("\n");
  for (let at = 0; at < lines.length; at += 1) {
    const open = /^```(\w+)?\s*(.*)$/.exec(lines[at] ?? "");
    if (open === null) continue;
    const end = lines.indexOf("```", at + 1);
    if (end === -1) throw new Error(`the block in line ${at + 1} has no end`);
    found.push({
      language: open[1] ?? "",
      info: open[2] ?? "",
      text: lines.slice(at + 1, end).join("\n"),
      line: at + 1,
    });
    at = end;
  }
  return found;
}

/** Takes a `console` block apart: lines that begin with `$ ` are commands (`\` at the end goes on), what follows is their output. */
export function commandsOf(fence: Fence): DocumentedCommand[] {
  const commands: { command: string; output: string[]; line: number }[] = [];
  let open = false;
  fence.text.split("\n").forEach((text, index) => {
    if (open) commands.at(-1)!.command += `\n${text}`;
    else if (text.startsWith("$ ")) commands.push({ command: text.slice(2), output: [], line: fence.line + index + 1 });
    else if (commands.length > 0) commands.at(-1)!.output.push(text);
    else throw new Error(`line ${fence.line + index + 1}: a console block begins with a command`);
    open = (open || text.startsWith("$ ")) && text.endsWith("\\");
  });
  return commands.map((one) => ({ ...one, output: one.output.join("\n") }));
}

/**
 * Whether `printed` holds `documented`. White space does not count, so that an envelope may be shown indented, as a terminal shows it;
 * `…` stands for anything.
 */
export function shows(printed: string, documented: string): boolean {
  const squeeze = (text: string): string => text.replace(/\s+/g, "");
  const parts = squeeze(documented).split("…");
  let from = 0;
  const text = squeeze(printed);
  for (const part of parts) {
    const at = text.indexOf(part, from);
    if (at === -1) return false;
    from = at + part.length;
  }
  return true;
}
