import { storageFault } from "./object-storage-errors.js";

/** Characters that some readers leave out, so that what stands round them comes together. */
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2060\ufeff]/g;
/** Rounds of decoding after which a text that still changes is refused. */
const ROUNDS = 6;
/** A surrogate without its other half. */
const HALF_CHARACTER = /\p{Surrogate}/u;
const MOST_KEY_BYTES = 1024;
const MOST_NAME_BYTES = 255;

/**
 * Throws `S3_KEY_UNSAFE` unless a relative path stays below where it is put, whoever reads it: as it is, percent-decoded any number of
 * times, without its control characters, with backslashes taken for slashes.
 */
export function requireBelow(relative: string): void {
  const refuse = (reason: string): never => {
    throw storageFault("S3_KEY_UNSAFE", { key: JSON.stringify(relative), reason });
  };
  if (relative.includes("\0")) refuse("it holds NUL");
  let form = relative;
  for (let round = 0; ; round += 1) {
    const read = form.replace(INVISIBLE, "").replace(/[\uff0e\u2024]/g, ".");
    const how = round === 0 ? "" : ", percent-decoded,";
    if (read.startsWith("/")) refuse(`it${how} begins with a slash`);
    if (read.split(/[\\/]/).some((step) => step.trim() === "..")) refuse(`it${how} has a step ".."`);
    if (read.split("/").includes(".")) refuse(`it${how} has a step "."`);
    const decoded = form.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    if (decoded === form) return;
    if (round >= ROUNDS) refuse("it is encoded again and again");
    form = decoded;
  }
}

/** Throws `S3_KEY_UNSAFE` unless `rest` makes a key below `prefix`. Gives the key. */
export function keyBelow(prefix: string, rest: string): string {
  if (rest === "") throw storageFault("S3_KEY_UNSAFE", { key: JSON.stringify(prefix), reason: "it names no object" });
  requireBelow(rest);
  const key = prefix + rest;
  requireKey(key);
  return key;
}

/** Throws `S3_KEY_UNSAFE` unless a text can be a key and none of its steps leads upwards. */
export function requireKey(key: string): void {
  requireBelow(key);
  if (HALF_CHARACTER.test(key))
    throw storageFault("S3_KEY_UNSAFE", { key: JSON.stringify(key), reason: "it holds half a character" });
  const bytes = Buffer.byteLength(key);
  if (bytes === 0 || bytes > MOST_KEY_BYTES)
    throw storageFault("S3_KEY_UNSAFE", {
      key: JSON.stringify(key.slice(0, 80)),
      reason: `it has ${String(bytes)} bytes; S3 takes 1 to ${String(MOST_KEY_BYTES)}`,
    });
}

/** A prefix as it is used: without a slash at its beginning, with one at its end where it is a folder. */
export function requirePrefix(prefix: string): string {
  if (prefix === "") return prefix;
  requireBelow(prefix.endsWith("/") ? prefix.slice(0, -1) : prefix);
  return prefix;
}

const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;

/**
 * Names of folders and file that a key gets on this machine, one a step. Every name is the step itself, so that `..`, an empty step and
 * what the system does not take is refused (`S3_KEY_UNSAFE`), or with `encode` written with `%`.
 */
export function localSteps(relative: string, encode: boolean, platform: NodeJS.Platform = process.platform): string[] {
  return relative.split("/").map((step) => {
    const reason = unfit(step, platform);
    if (reason === undefined) return step;
    const encoded = encode ? encodeStep(step, platform) : step;
    if (encode && unfit(encoded, platform) === undefined) return encoded;
    throw storageFault(
      "S3_KEY_UNSAFE",
      { key: JSON.stringify(relative), reason: `${JSON.stringify(step)} cannot be a name here: ${reason}` },
      {
        hint: "Set `unsafe_names: encode` to have such steps written with `%`, or read that key alone with `file_name`.",
      },
    );
  });
}

function unfit(step: string, platform: NodeJS.Platform): string | undefined {
  if (step === "") return "it is empty";
  if (step === "." || step === "..") return "it leads to another folder";
  if (step.includes("\0")) return "it holds NUL";
  if (HALF_CHARACTER.test(step)) return "it holds half a character";
  if (Buffer.byteLength(step) > MOST_NAME_BYTES) return `it is longer than ${String(MOST_NAME_BYTES)} bytes`;
  if (platform !== "win32") return undefined;
  if (/[<>:"|?*\\\u0000-\u001f]/.test(step)) return "Windows does not take one of its characters";
  if (/[. ]$/.test(step)) return "Windows does not take a dot or space at its end";
  return RESERVED.test(step) ? "Windows keeps it for a device" : undefined;
}

function encodeStep(step: string, platform: NodeJS.Platform): string {
  if (step === "") return "%2F";
  if (/^\.+$/.test(step)) return step.replaceAll(".", "%2E");
  let encoded = step.replaceAll("\0", "%00");
  if (platform !== "win32") return encoded;
  encoded = encoded.replace(/[<>:"|?*\\\u0001-\u001f]|[. ]$/g, percent);
  return RESERVED.test(encoded) ? encoded.replace(/^./, percent) : encoded;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
