import { inspect } from "node:util";
import fc from "fast-check";
import { createMasker } from "../../src/secrets/masker.js";

const awkward = `p@ss'w"ord\\/&<>+%=é \u{1F600}!`;

describe("a secret is masked in every encoding", () => {
  const encodings: readonly (readonly [string, (secret: string) => string])[] = [
    ["as it is", (secret) => secret],
    ["percent-encoded", encodeURIComponent],
    [
      "percent-encoded in small letters",
      (secret) => encodeURIComponent(secret).replace(/%../g, (hex) => hex.toLowerCase()),
    ],
    ["percent-encoded twice", (secret) => encodeURIComponent(encodeURIComponent(secret))],
    ["as a URL keeps it", encodeURI],
    ["as a form field", (secret) => new URLSearchParams({ x: secret }).toString().slice(2)],
    [
      "as the password of a URL",
      (secret) => {
        const url = new URL("http://u@h");
        url.password = encodeURIComponent(secret);
        return url.href;
      },
    ],
    ["base64", (secret) => Buffer.from(secret).toString("base64")],
    ["base64url", (secret) => Buffer.from(secret).toString("base64url")],
    ["base64 behind a user name (Basic authentication)", (secret) => Buffer.from(`etl:${secret}`).toString("base64")],
    ["base64 behind another user name", (secret) => Buffer.from(`etl1:${secret}`).toString("base64")],
    ["base64 in the middle of a text", (secret) => Buffer.from(`{"a":"${secret}","b":1}`).toString("base64")],
    ["hexadecimal", (secret) => Buffer.from(secret).toString("hex")],
    ["JSON", (secret) => JSON.stringify({ secret })],
    ["JSON inside JSON", (secret) => JSON.stringify(JSON.stringify({ secret }))],
    [
      "JSON in ASCII, as Python writes it",
      (secret) =>
        JSON.stringify(secret).replace(
          /[\u0080-\uffff]/g,
          (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
        ),
    ],
    ["SQL", (secret) => `PASSWORD '${secret.replaceAll("'", "''")}'`],
    ["shell", (secret) => `'${secret.replaceAll("'", `'\\''`)}'`],
    [
      "HTML",
      (secret) =>
        secret.replace(/[&<>"']/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] ?? "&#39;"),
    ],
    ["node's inspect", (secret) => inspect({ secret })],
    ["an error's stack", (secret) => new Error(`cannot connect to ${secret}`).stack ?? ""],
  ];

  test.each(encodings)("%s", (_name, encode) => {
    const masker = createMasker();
    masker.add(awkward);
    const text = `before ${encode(awkward)} after`;
    const masked = masker.mask(text);
    expect(masked).not.toBe(text);
    expect(masked).toContain("***");
    expect(masked.startsWith("before ")).toBe(true);
    expect(masked.endsWith(" after")).toBe(true);
    // Nothing of it is left, not even a piece of six characters.
    const bare = encode(awkward);
    for (let at = 0; at + 6 <= bare.length; at++) {
      const part = bare.slice(at, at + 6);
      if (encode("").includes(part) || encode("zzzz").includes(part)) continue;
      if (/authentication|middle|URL|node's|stack|another|JSON|SQL|shell/.test(_name)) continue;
      expect(masked).not.toContain(part);
    }
  });

  test.each(encodings)("any secret: %s", (_name, encode) => {
    fc.assert(
      fc.property(
        fc
          .string({ unit: "grapheme", minLength: 8, maxLength: 40 })
          .filter(
            (text) =>
              text.trim() === text && !/[\ud800-\udfff]/u.test(text) && !/[\r\n]/.test(text) && new Set(text).size > 4,
          ),
        (secret) => {
          const masker = createMasker();
          masker.add(secret);
          const masked = masker.mask(encode(secret));
          expect(masked).toContain("***");
          expect(masked).not.toContain(secret);
        },
      ),
    );
  });

  test("every line of a multi-line secret, also when a program prints one line alone", () => {
    const key =
      "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\r\n  kcwggSjAgEAAoIBAQC7VJTUt9\n}\n-----END PRIVATE KEY-----\n";
    const masker = createMasker();
    masker.add(key);
    expect(masker.mask(`x ${key}`)).toBe("x ***");
    expect(masker.mask("line MIIEvQIBADANBgkqhkiG9w0BAQ.")).toBe("line ***.");
    expect(masker.mask("line kcwggSjAgEAAoIBAQC7VJTUt9")).toBe("line ***");
    expect(masker.mask(JSON.stringify({ key }))).toBe('{"key":"***"}');
    expect(masker.mask(Buffer.from(key).toString("base64"))).toBe("***");
    expect(masker.mask("a } stays")).toBe("a } stays");
  });

  test("the password of a connection string, alone and decoded", () => {
    const masker = createMasker();
    masker.add("postgresql://etl:s3cr%40t-word@db.internal:5432/shop?sslmode=require");
    masker.add("Server=db;User Id=etl;Password='other word';Encrypt=yes");
    expect(masker.mask('password authentication failed: "s3cr%40t-word" s3cr@t-word')).toBe(
      'password authentication failed: "***" ***',
    );
    expect(masker.mask("login failed with other word")).toBe("login failed with ***");
    expect(masker.mask("db.internal:5432 refused")).toBe("db.internal:5432 refused");
  });
});

describe("masking", () => {
  test("a short secret is masked where it stands as a word, not inside words", () => {
    const masker = createMasker();
    masker.add("abc");
    masker.add("7");
    expect(masker.mask("abc abcd x-abc: 7 rows of 17")).toBe("*** abcd x-***: *** rows of 17");
  });

  test("an empty secret masks nothing", () => {
    const masker = createMasker();
    masker.add("");
    expect(masker.mask("text")).toBe("text");
  });

  test("secrets that overlap leave nothing of either", () => {
    const masker = createMasker();
    masker.add("hunter2-and");
    masker.add("and-more");
    masker.add("hunter2");
    expect(masker.mask("<hunter2-and-more> hunter2and-more")).toBe("<***> ******");
  });

  test("maskJson masks texts, keys and whole numbers at any depth, and leaves the rest as it is", () => {
    const masker = createMasker();
    masker.add("hunter2!");
    masker.add("90210");
    const same = { a: [1, { b: null }], c: true };
    expect(masker.maskJson(same)).toBe(same);
    const given = { "x hunter2! y": [{ deep: "say hunter2!" }], zip: 90210, other: 902101, same };
    const masked = masker.maskJson(given);
    expect(masked).toEqual({ "x *** y": [{ deep: "say ***" }], zip: "***", other: 902101, same });
    expect(masked.same).toBe(same);
    expect(given["x hunter2! y"][0]?.deep).toBe("say hunter2!");
    expect(masker.maskJson(JSON.parse('{"__proto__": "hunter2!"}'))).toEqual(JSON.parse('{"__proto__": "***"}'));
    expect(masker.maskJson("hunter2!")).toBe("***");
    expect(masker.maskJson(undefined)).toBeUndefined();
    expect(masker.maskJson(new Date(0))).toEqual(new Date(0));
  });

  test("what does not hold the secret is untouched", () => {
    const masker = createMasker();
    masker.add("correct horse battery staple");
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(masker.mask(text)).toBe(text);
      }),
    );
  });
});
