import type { Hook } from "../oclif.js";
import { unknownCommand } from "../errors/unknown-command.js";

/**
 * Answers a command that does not exist: exit code 20 and what was probably meant, without asking anything (a scheduler cannot
 * answer). oclif passes all words up to the first flag as one id, joined by colons.
 */
const commandNotFound: Hook.CommandNotFound = function ({ id, config }) {
  const error = unknownCommand(id.split(":"), config);
  // oclif swallows what a hook throws unless it carries this.
  return Promise.reject(Object.assign(error, { oclif: { exit: error.exitCode } }));
};

export default commandNotFound;
