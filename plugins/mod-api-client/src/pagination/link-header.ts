/**
 * The target of a relation in a `Link` header (RFC 8288): `<https://…?page=2>; rel="next"`. Undefined where it is not there. Commas and
 * semicolons inside addresses and quoted texts separate nothing.
 */
export function linkTarget(header: string | undefined, rel: string): string | undefined {
  let rest = header ?? "";
  for (;;) {
    const link = /^[\s,]*<([^>]*)>/.exec(rest);
    if (link === null) return undefined;
    rest = rest.slice(link[0].length);
    let relations: string | undefined;
    for (;;) {
      const parameter = /^\s*;\s*([^\s=;,]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,]*)))?/.exec(rest);
      if (parameter === null) break;
      rest = rest.slice(parameter[0].length);
      // Only the first `rel` of a link counts.
      if (parameter[1]?.toLowerCase() === "rel")
        relations ??= (parameter[2] ?? parameter[3] ?? "").replace(/\\(.)/g, "$1");
    }
    if (relations?.toLowerCase().split(/\s+/).includes(rel.toLowerCase()) === true) return link[1];
    rest = rest.replace(/^[^,]*/, "");
  }
}
