/** Changes a text piece by piece; `last` comes once, with the last piece. */
export type TextChange = (text: string, last: boolean) => string;

/** Writes CRLF for line ends outside of quotes. A line end inside of a value is data and stays. */
export function crlfOutsideQuotes(quote: string, escape: string): TextChange {
  let isQuoted = false;
  let isEscaped = false;
  return (text) => {
    let out = "";
    let from = 0;
    for (let at = 0; at < text.length; at += 1) {
      const character = text[at];
      if (isEscaped) isEscaped = false;
      else if (isQuoted && escape !== quote && character === escape) isEscaped = true;
      else if (quote !== "" && character === quote) isQuoted = !isQuoted;
      else if (character === "\n" && !isQuoted) {
        out += `${text.slice(from, at)}\r\n`;
        from = at + 1;
      }
    }
    return out + text.slice(from);
  };
}

/** Makes one JSON list of lines that hold one value each. */
export function linesToArray(end: string): TextChange {
  let isFirst = true;
  let pending = "";
  return (text, last) => {
    const lines = (pending + text).split("\n");
    pending = last ? "" : (lines.pop() ?? "");
    let out = "";
    for (const line of lines) {
      if (line === "") continue;
      out += `${isFirst ? "[" : ","}${end}\t${line}`;
      isFirst = false;
    }
    return last ? `${out}${isFirst ? "[" : ""}${end}]${end}` : out;
  };
}
