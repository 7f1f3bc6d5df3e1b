/**
 * The parts of oclif that commands use. Everything else of this package imports oclif from here, so that a move to another
 * version of oclif touches few files, and through its light entry points: the index of `@oclif/core` loads a third more.
 */
export { Command } from "@oclif/core/command";
export * as Args from "@oclif/core/args";
export * as Flags from "@oclif/core/flags";
export { CommandHelp, Help, loadHelpClass } from "@oclif/core/help";
export { run } from "@oclif/core/run";
export { settings } from "@oclif/core/settings";

export type { Hook } from "@oclif/core/hooks";
export type { Arg } from "@oclif/core/interfaces";
export type { Config, Input, ParserOutput, Plugin } from "@oclif/core/interfaces";
