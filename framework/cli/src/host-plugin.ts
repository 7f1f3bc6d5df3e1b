import { readFileSync } from "node:fs";
import path from "node:path";
import type { Command, Plugin } from "./oclif.js";

/** A command as oclif.manifest.json has it. */
interface ManifestCommand {
  readonly id: string;
  readonly relativePath: readonly string[];
}

/**
 * This package as oclif's plugin, made from package.json and oclif.manifest.json. oclif's own way to the same object looks for the
 * package in several folders and sorts the commands by locale, which loads the locale tables of the whole ICU library: together a
 * quarter of the time that a start takes. `undefined` where there is no manifest that fits: then oclif may go its own way.
 */
export function hostPlugin(root: string): Plugin | undefined {
  const pjson = readJson(path.join(root, "package.json")) as Plugin["pjson"] | undefined;
  const manifest = readJson(path.join(root, "oclif.manifest.json")) as
    { version: string; commands: Record<string, ManifestCommand> } | undefined;
  if (pjson === undefined || manifest?.version !== pjson.version) return undefined;
  const { name, version, oclif } = pjson;
  const hooks = Object.entries(oclif.hooks ?? {}).map(([event, target]) => [
    event,
    [{ identifier: "default", target: target as string }],
  ]);
  const commands = Object.values(manifest.commands);
  const load = (command: ManifestCommand): Promise<Command.Class> => loadCommand(command, root);
  return {
    _base: `${name}@${version}`,
    alias: name,
    commandIDs: commands.map((command) => command.id),
    // What oclif writes into the manifest is what it reads from it.
    commands: commands.map((command) => ({
      ...command,
      load: () => load(command),
      pluginAlias: name,
      pluginType: "core",
    })) as unknown as Plugin["commands"],
    commandsDir: path.join(root, "dist/commands"),
    findCommand: ((id: string) => {
      const command = manifest.commands[id];
      return command === undefined ? undefined : load(command);
    }) as Plugin["findCommand"],
    hasManifest: true,
    hooks: Object.fromEntries(hooks) as Plugin["hooks"],
    isRoot: true,
    load: () => Promise.resolve(),
    moduleType: "commonjs",
    name,
    options: { root },
    pjson,
    root,
    topics: Object.entries((oclif.topics ?? {}) as Record<string, { description?: string }>).map(([topic, about]) => ({
      ...about,
      name: topic,
    })),
    type: "core",
    valid: true,
    version,
  };
}

async function loadCommand({ id, relativePath }: ManifestCommand, root: string): Promise<Command.Class> {
  // `import()` would start Node's loader of ES modules, which these are not.
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- see above
  const { default: command } = require(path.join(root, ...relativePath)) as { default: Command.Class };
  command.id = id;
  return Promise.resolve(command);
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
