/** Colours for one stream: off unless it is a terminal that shows them; `NO_COLOR` and `FORCE_COLOR` are honoured. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
}

/** The {@link Paint} of a standard stream. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  const on = stream.isTTY && stream.hasColors();
  const style = (start: number, end: number) => (text: string) =>
    on && text !== "" ? `\u001B[${start}m${text}\u001B[${end}m` : text;
  return { bold: style(1, 22), dim: style(2, 22), red: style(31, 39), yellow: style(33, 39), cyan: style(36, 39) };
}
