import path from "node:path";
import { readJson, root } from "../workspace.mjs";
import { code, page, table } from "./markdown.mjs";

const BIN = "datapy";

/** Fills the places that oclif fills when it prints help. */
function fill(text, command) {
  return String(text ?? "")
    .replace(/<%=\s*(?:config\.)?bin\s*%>/g, BIN)
    .replace(/<%=\s*(?:config\.bin\s*%> <%= )?command\.id\s*%>/g, command.id.replaceAll(":", " "));
}

function usage(command) {
  const args = Object.values(command.args ?? {}).map((arg) =>
    arg.required ? arg.name.toUpperCase() : `[${arg.name.toUpperCase()}]`,
  );
  return [
    BIN,
    command.id.replaceAll(":", " "),
    ...args,
    ...(Object.keys(command.flags ?? {}).length > 0 ? ["[flags]"] : []),
  ].join(" ");
}

function flagName(flag) {
  const value = flag.type === "option" ? ` ${flag.options?.join("|") ?? flag.helpValue ?? "VALUE"}` : "";
  return `${flag.char ? `-${flag.char}, ` : ""}--${flag.allowNo ? "[no-]" : ""}${flag.name}${value}`;
}

function describeFlag(flag, command) {
  const notes = [
    flag.required ? "Required." : "",
    flag.multiple ? "May be given several times." : "",
    flag.env ? `Also ${code(flag.env)}.` : "",
    flag.default !== undefined && typeof flag.default !== "object" && flag.default !== false
      ? `Default ${code(flag.default)}.`
      : "",
  ];
  return [fill(flag.summary ?? flag.description, command), ...notes].filter((one) => one !== "").join(" ");
}

function section(command) {
  const summary = fill(command.summary, command);
  const description = fill(command.description, command);
  const args = Object.values(command.args ?? {});
  const flags = Object.values(command.flags ?? {}).filter((flag) => !flag.hidden);
  const examples = (command.examples ?? []).map((one) => (typeof one === "string" ? { command: one } : one));
  return [
    `## ${BIN} ${command.id.replaceAll(":", " ")}`,
    summary,
    description === summary ? "" : description,
    `\`\`\`sh\n${usage(command)}\n\`\`\``,
    args.length === 0
      ? ""
      : table(
          ["Argument", "Meaning"],
          args.map((arg) => [code(arg.name.toUpperCase()), fill(arg.description, command)]),
        ),
    flags.length === 0
      ? ""
      : table(
          ["Flag", "Meaning"],
          flags.map((flag) => [code(flagName(flag)), describeFlag(flag, command)]),
        ),
    ...examples.flatMap((one) => [
      fill(one.description, command),
      `\`\`\`sh\n${fill(one.command, command).replace(/^\$ /gm, "")}\n\`\`\``,
    ]),
  ].filter((part) => part !== "");
}

export function commandsPage() {
  const { commands } = readJson(path.join(root, "framework/cli/oclif.manifest.json"));
  const shown = Object.values(commands)
    .filter((command) => !command.hidden)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return page(
    "Commands",
    "Every command ends with one of [six exit codes](exit-codes.md). The `run-*` commands print one [envelope](envelope.md) on stdout and " +
      "nothing else; logs and progress go to stderr.",
    table(
      ["Command", "What it does"],
      shown.map((command) => [
        `[${code(`${BIN} ${command.id.replaceAll(":", " ")}`)}](#${`${BIN} ${command.id.replaceAll(":", " ")}`.replaceAll(" ", "-")})`,
        fill(command.summary ?? command.description, command).split("\n")[0],
      ]),
    ),
    ...shown.flatMap(section),
  );
}
