import { spawn } from "@lydell/node-pty";
import { Terminal } from "@xterm/headless";

/** What became of a program on a terminal. */
export interface ScreenResult {
  readonly exitCode: number;
  /** Every byte that it sent. */
  readonly raw: string;
  /** Lines on the screen and scrolled off it, without trailing blanks, as a person sees them at the end. */
  readonly lines: readonly string[];
  /** The same at each moment at which something was written. */
  readonly moments: readonly (readonly string[])[];
}

/** Runs a program on a real pseudo-terminal, and a terminal emulator behind it. */
export async function onScreen(
  command: readonly [string, ...string[]],
  options: {
    readonly columns?: number;
    readonly rows?: number;
    readonly env?: Record<string, string>;
    readonly cwd?: string;
  } = {},
): Promise<ScreenResult> {
  const { columns: cols = 100, rows = 20 } = options;
  const terminal = new Terminal({ cols, rows, scrollback: 10_000, allowProposedApi: true });
  const [file, ...args] = command;
  const env: Record<string, string> = { PATH: process.env["PATH"] ?? "", TERM: "xterm-256color", ...options.env };
  const pty = spawn(file, args, { cols, rows, name: env["TERM"] ?? "", env, cwd: options.cwd ?? process.cwd() });
  const moments: (readonly string[])[] = [];
  let raw = "";
  let drawn = Promise.resolve();
  const look = (): string[] => {
    const lines: string[] = [];
    for (let y = 0; y < terminal.buffer.active.length; y += 1)
      lines.push(terminal.buffer.active.getLine(y)?.translateToString(true) ?? "");
    while (lines.at(-1) === "") lines.pop();
    return lines;
  };
  pty.onData((data) => {
    raw += data;
    drawn = drawn.then(
      () =>
        new Promise((resolve) =>
          terminal.write(data, () => {
            moments.push(look());
            resolve();
          }),
        ),
    );
  });
  const exitCode = await new Promise<number>((resolve) => pty.onExit((exit) => resolve(exit.exitCode)));
  await drawn;
  return { exitCode, raw, lines: look(), moments };
}
