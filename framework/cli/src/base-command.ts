import type { ExitCode } from "@datapy/mod-kit";
import { Command } from "./oclif.js";
import type { Input, ParserOutput } from "./oclif.js";

/** Parsed flags or arguments, by name. */
type Values = Record<string, unknown>;

/** Exit codes on an error, where both of oclif's ways of ending look for them. */
interface OclifExit {
  exitCode?: number;
  oclif?: { exit?: number };
}

/**
 * What every command of `datapy` extends. A command parses, calls the sdk, prints and returns; it throws `DatapyError` or
 * `FaultList` where it fails, and `main` turns any error into lines on stderr (or JSON on stdout with `--json`) and an exit code.
 *
 * With `static enableJsonFlag = true` a command takes `--json` and prints what `run()` returns; `this.log` is silent then.
 */
export abstract class BaseCommand extends Command {
  /**
   * Parses the command line. Whatever is wrong with it is thrown as a fault with exit code 20 that names the word at fault, not the
   * whole line (which may hold secrets).
   */
  protected override async parse<F extends Values, B extends Values, A extends Values>(
    options?: Input<F, B, A>,
    argv?: string[],
  ): Promise<ParserOutput<F, B, A>> {
    const input = options ?? (this.ctor as unknown as Input<F, B, A>); // oclif's own default, which it types in the same way
    // oclif would else read an argument that is not there from standard input, which belongs to `-p -`.
    for (const arg of Object.values(input.args ?? {}) as { ignoreStdin?: boolean }[]) arg.ignoreStdin = true;
    try {
      const parsed = await super.parse(input, argv);
      // `datapy run-mod "$MOD"` with a variable that is not set.
      const expected = Object.entries((input.args ?? {}) as Record<string, { required?: boolean }>);
      const empty = expected.filter(([name, arg]) => arg.required === true && parsed.args[name] === "");
      if (empty.length > 0) throw Object.assign(new Error("an empty argument"), { args: empty.map(([, arg]) => arg) });
      return parsed;
    } catch (error) {
      const { usageFault } = await import("./errors/usage-fault.js");
      throw usageFault(error, { argv: this.argv, id: this.id ?? "", flags: this.flagNames() });
    }
  }

  /** Ends the process with `code` once all output is written, instead of with 0: `10` where there were warnings. */
  protected setExitCode(code: ExitCode): void {
    process.exitCode = code;
  }

  /** Adds the exit code to the error in both of oclif's spellings and passes it on to `main`, the one place that prints errors. */
  protected override async catch(error: Error & OclifExit): Promise<never> {
    const { exitCodeOf } = await import("./errors/to-faults.js");
    const exitCode = exitCodeOf(error);
    error.exitCode = exitCode;
    error.oclif = { ...error.oclif, exit: exitCode };
    throw error;
  }

  protected override logJson(json: unknown): void {
    process.stdout.write(`${JSON.stringify(json, undefined, 2)}\n`);
  }

  private flagNames(): string[] {
    const { flags, baseFlags, enableJsonFlag } = this.ctor;
    return [...Object.keys({ ...flags, ...baseFlags }), ...(enableJsonFlag ? ["json"] : []), "help"];
  }
}
