/** The process's stderr as logs and live lines share it: whole lines only, live lines always below them. */
export interface StderrTerminal {
  readonly isTerminal: boolean;
  /** Colours are wanted: on a terminal, with `NO_COLOR` unset or empty and `TERM` other than `dumb`. */
  readonly hasColor: boolean;
  /** Live lines can be shown: on a terminal that can move its cursor. */
  readonly canShow: boolean;
  /** Size in characters; 80 × 24 where it is not known. */
  readonly columns: number;
  readonly rows: number;
  /** Writes text and a line end in one piece. */
  writeLine(text: string): void;
  /**
   * Shows `lines` below everything written so far, in place of the lines shown before; none clears them. From the first call on,
   * until {@link release}, what other code writes to the terminal appears above them. Lines must fit the width. Does nothing where
   * {@link canShow} is false.
   */
  show(lines: readonly string[]): void;
  /** Takes live lines away, and stops watching what other code writes. */
  release(): void;
  /** Resolves once all that was written has left the process, or cannot. */
  drain(): Promise<void>;
}

/** A stream as it is used here. */
export interface TerminalStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(chunk: string | Uint8Array, ...rest: unknown[]): boolean;
  on(event: "error", listener: (error: Error) => void): unknown;
}

const SHARED = Symbol.for("datapy.stderr-terminal.1");

/** The one of this process, also when several copies of the sdk are loaded. */
export function stderrTerminal(): StderrTerminal {
  const shared = globalThis as typeof globalThis & { [SHARED]: StderrTerminal | undefined };
  return (shared[SHARED] ??= createStderrTerminal(process.stderr, process.env, [process.stdout]));
}

/**
 * Makes a terminal over `stream`. `others` are streams that may lead to the same screen: while live lines are shown, what goes to
 * such a terminal is put above them too.
 */
export function createStderrTerminal(
  stream: TerminalStream,
  env: Readonly<Record<string, string | undefined>>,
  others: readonly TerminalStream[] = [],
): StderrTerminal {
  const isTerminal = stream.isTTY === true;
  const isDumb = env["TERM"] === "dumb";
  const screen = [stream, ...others.filter((one) => one.isTTY === true)];
  let broken = false;
  let lines: readonly string[] = [];
  let drawn = 0;
  /** Other code has written a part of a line: live lines wait for its end. */
  let midLine = false;
  let undo: (() => void) | undefined;
  // A reader that went away (`2>&1 | head`) must not end a run.
  stream.on("error", () => {
    broken = true;
  });

  const erasure = (): string => {
    const erase = drawn === 0 ? "" : `\u001b[${drawn}F\u001b[0J`;
    drawn = 0;
    return erase;
  };
  const drawing = (): string => {
    if (midLine) return "";
    drawn = lines.length;
    return lines.map((line) => `${line}\n`).join("");
  };
  /** Writes past the interception below. */
  const write = (text: string): void => {
    if (broken || text === "") return;
    own = true;
    try {
      stream.write(text);
    } finally {
      own = false;
    }
  };
  let own = false;

  const intercept = (): (() => void) => {
    const undos = screen.map((one) => {
      const before = Object.getOwnPropertyDescriptor(one, "write");
      const original = one.write.bind(one);
      const intercepted = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
        if (own) return original(chunk, ...rest);
        write(erasure());
        const more = original(chunk, ...rest);
        if (chunk.length > 0) midLine = !endsLine(chunk);
        write(drawing());
        return more;
      };
      one.write = intercepted;
      return () => {
        // Whoever wrapped it after us keeps what they have; it passes through, since nothing is shown any more.
        if (one.write !== intercepted) return;
        if (before === undefined) delete (one as { write?: unknown }).write;
        else Object.defineProperty(one, "write", before);
      };
    });
    return () => {
      for (const one of undos) one();
    };
  };

  return {
    isTerminal,
    hasColor: isTerminal && (env["NO_COLOR"] ?? "") === "" && !isDumb,
    canShow: isTerminal && !isDumb,
    get columns() {
      return sizeOr(stream.columns, 80);
    },
    get rows() {
      return sizeOr(stream.rows, 24);
    },
    writeLine(text) {
      const separate = midLine && drawn === 0 ? "\n" : "";
      midLine = false;
      write(`${separate}${erasure()}${text}\n${drawing()}`);
    },
    show(next) {
      if (!isTerminal || isDumb) return;
      undo ??= intercept();
      lines = next;
      write(erasure() + drawing());
    },
    release() {
      lines = [];
      write(erasure());
      undo?.();
      undo = undefined;
      midLine = false;
    },
    drain: () =>
      new Promise((resolve) => {
        if (broken) resolve();
        else stream.write("", () => resolve());
      }),
  };
}

/** A terminal that does not know its size says 0. */
function sizeOr(size: number | undefined, fallback: number): number {
  return size === undefined || size <= 0 ? fallback : size;
}

function endsLine(chunk: string | Uint8Array): boolean {
  return typeof chunk === "string" ? chunk.endsWith("\n") : chunk.at(-1) === 0x0a;
}
