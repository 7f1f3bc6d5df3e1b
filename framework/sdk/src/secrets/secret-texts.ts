/** Shortest secret, or line of one, that is masked wherever it stands; a shorter one only where it stands as a word of its own. */
export const SHORTEST_ANYWHERE = 4;

/** Texts that are as secret as the secret itself: it, each of its lines, and the password in it where it is a connection string. */
export function secretTexts(secret: string): Set<string> {
  return new Set([secret, ...linesOf(secret), ...passwordsIn(secret)].filter((text) => text !== ""));
}

/**
 * What a text becomes when programs encode it whole: hexadecimal, base64 and base64url, also as part of a longer text such as the
 * `user:password` of Basic authentication.
 */
export function encodedForms(text: string): Set<string> {
  const bytes = Buffer.from(text, "utf8");
  const hex = bytes.toString("hex");
  const base64 = base64Forms(bytes);
  return new Set([
    hex,
    hex.toUpperCase(),
    ...base64,
    ...base64.map((form) => form.replace(/\+/g, "-").replace(/\//g, "_")),
  ]);
}

/**
 * Base64 of the bytes, alone and at each of the three places that they can have in a longer text: of the characters that hold bits
 * of neighbours the outermost are left off, the rest is the same in every such text.
 */
function base64Forms(bytes: Buffer): string[] {
  const whole = bytes.toString("base64");
  const forms = [whole, whole.replace(/=+$/, "")];
  for (const before of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const from = before === 0 ? 0 : before + 1;
    const to = (before + bytes.length) % 3 === 0 ? text.length : text.length - 1;
    if (to - from >= SHORTEST_ANYWHERE) forms.push(text.slice(from, to));
  }
  return forms;
}

function linesOf(secret: string): string[] {
  if (!/[\r\n]/.test(secret)) return [];
  return secret
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line.length >= SHORTEST_ANYWHERE);
}

const KEYED_PASSWORD =
  /(?:^|[\s;?&,])(?:password|pwd|passwd|token|secret|api_?key|access_?key)\s*=\s*("[^"]*"|'[^']*'|[^\s;&]+)/gi;

/** Passwords inside a connection string: `scheme://user:PASSWORD@host`, `password=PASSWORD`. */
function passwordsIn(secret: string): string[] {
  const found: string[] = [];
  const userinfo = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*?:([^/?#]*)@/is.exec(secret)?.[1];
  if (userinfo !== undefined) found.push(userinfo);
  for (const match of secret.matchAll(KEYED_PASSWORD)) found.push((match[1] ?? "").replace(/^(["'])(.*)\1$/s, "$2"));
  return found.flatMap((one) => [one, decoded(one)]).filter((one) => one.length >= SHORTEST_ANYWHERE);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
