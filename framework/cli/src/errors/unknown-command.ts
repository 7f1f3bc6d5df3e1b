import type { DatapyError } from "@datapy/mod-kit";
import { fault } from "@datapy/sdk/errors";
import { discoverMods } from "@datapy/sdk/registry";
import type { Config } from "../oclif.js";
import { similarNames } from "./similar-names.js";

/**
 * A command that does not exist, with those that were probably meant. `words` is what the user typed up to the first flag; oclif
 * takes all of it for the name of a command where the command it knows has no arguments.
 */
export function unknownCommand(words: readonly string[], config: Config): DatapyError {
  const names = config.commands.filter((command) => !command.hidden).map((command) => command.id.replaceAll(":", " "));
  const topics = new Set(names.filter((name) => name.includes(" ")).map((name) => name.split(" ", 1)[0] ?? name));
  const [first = "", second] = words;
  if (first.startsWith("-")) {
    const [flag = ""] = first.split("=", 1);
    const hint = "Flags stand behind a command: `datapy help` lists the commands.";
    return fault("DATAPY_CLI_UNKNOWN_FLAG", { flag }, { hint });
  }
  const [command, word] = topics.has(first) ? [`${first} ${second ?? ""}`, words[2]] : [first, second];
  if (word !== undefined && names.includes(command)) {
    const argument = `${JSON.stringify(word)}: \`datapy ${command}\` takes none`;
    return fault(
      "DATAPY_CLI_UNEXPECTED_ARGUMENT",
      { argument },
      { hint: `\`datapy ${command} --help\` shows what it takes.` },
    );
  }
  // Only what can be the name of a command is repeated: later words are arguments, perhaps secret ones.
  const typed = second !== undefined && topics.has(first) ? `${first} ${second}` : first;
  if (isMod(typed)) {
    return fault(
      "DATAPY_CLI_UNKNOWN_COMMAND",
      { command: typed },
      { hint: `\`datapy run-mod ${typed}\` runs the mod of that name.` },
    );
  }
  const meant = similarNames(typed, [...names, ...topics], 3).map((name) => `\`datapy ${name}\``);
  const list = typed === first ? "`datapy help` lists the commands." : `\`datapy help ${first}\` lists its commands.`;
  return fault(
    "DATAPY_CLI_UNKNOWN_COMMAND",
    { command: typed },
    { hint: meant.length === 0 ? list : `Did you mean ${meant.join(" or ")}? ${list}` },
  );
}

/** Whether a mod goes by that name: who types it wants to run it. */
function isMod(name: string): boolean {
  try {
    return discoverMods().mods.some((mod) => mod.name === name.replaceAll("_", "-"));
  } catch {
    // Of no help then.
    return false;
  }
}
