import { LEVEL_NAMES } from "./log-level.js";
import type { LogLevel } from "./log-level.js";
import { createValueReader } from "./log-values.js";
import type { JsonValue } from "./log-values.js";

/** One line of a log, its values already JSON and masked. */
export interface LogRecord {
  readonly timestamp: string;
  readonly level: LogLevel;
  readonly message: string;
  /** `mod`, `run_id`, `session_id`, `logger`, …: who speaks. */
  readonly context: Readonly<Record<string, JsonValue>>;
  readonly fields: Readonly<Record<string, JsonValue>>;
}

/** A line as it was logged. */
export interface LogInput {
  readonly at: Date;
  readonly level: LogLevel;
  readonly message: unknown;
  readonly context: Readonly<Record<string, unknown>>;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

/** Names that a line's own keys keep: a field so named is written as `field_<name>`. */
const OWN_KEYS: ReadonlySet<string> = new Set([
  "timestamp",
  "level",
  "message",
  "mod",
  "run_id",
  "session_id",
  "logger",
]);

/** Identifiers that the host made: masking one could make two sessions look like one. */
const NEVER_MASKED: ReadonlySet<string> = new Set(["run_id", "session_id"]);

/** Reads a logged line: every text masked, every value made JSON. Never throws. */
export function readRecord(input: LogInput, mask: (text: string) => string): LogRecord {
  const value = createValueReader(mask);
  const context: Record<string, JsonValue> = {};
  for (const [key, item] of Object.entries(input.context)) {
    const json = NEVER_MASKED.has(key) && typeof item === "string" ? item : value(item);
    if (json !== undefined) context[key] = json;
  }
  const message = input.message instanceof Error ? input.message.message : input.message;
  const text = value(message);
  const given = input.message instanceof Error ? { error: input.message, ...input.fields } : input.fields;
  return {
    timestamp: localTimestamp(input.at),
    level: input.level,
    message: typeof text === "string" ? text : text === undefined ? "" : JSON.stringify(text),
    context,
    fields: readFields(given, value),
  };
}

function readFields(fields: unknown, value: (item: unknown) => JsonValue | undefined): Record<string, JsonValue> {
  if (fields === undefined || fields === null) return {};
  // An error handed over where fields are expected, as programs do: log.error("failed", error).
  const json = value(fields instanceof Error ? { error: fields } : fields);
  return typeof json === "object" && json !== null && !Array.isArray(json) ? json : { value: json ?? null };
}

/** The line as one JSON text, without its line end: no raw newline, control character or line separator is left in it. */
export function renderJson(record: LogRecord): string {
  const line: Record<string, JsonValue> = {
    timestamp: record.timestamp,
    level: LEVEL_NAMES[record.level],
    message: record.message,
    ...record.context,
  };
  for (const [key, value] of Object.entries(record.fields)) line[OWN_KEYS.has(key) ? `field_${key}` : key] = value;
  return escapeControls(JSON.stringify(line), (code) => `\\u${code.toString(16).padStart(4, "0")}`);
}

/** Reads a line that {@link renderJson} wrote; undefined when it is none. */
export function parseLogLine(text: string): LogRecord | undefined {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof line !== "object" || line === null || Array.isArray(line)) return undefined;
  const { timestamp, level: levelName, message, ...rest } = line as Record<string, JsonValue>;
  const level = (Object.keys(LEVEL_NAMES) as LogLevel[]).find((one) => LEVEL_NAMES[one] === levelName);
  if (typeof timestamp !== "string" || typeof message !== "string" || level === undefined) return undefined;
  const entries = Object.entries(rest);
  return {
    timestamp,
    level,
    message,
    context: Object.fromEntries(entries.filter(([key]) => OWN_KEYS.has(key))),
    fields: Object.fromEntries(entries.filter(([key]) => !OWN_KEYS.has(key))),
  };
}

const COLORS: Readonly<Record<LogLevel, string>> = { error: "31", warn: "33", info: "36", debug: "90" };

/** The line as people read it, without its line end. Stack traces follow on indented lines; nothing logged can move the cursor. */
export function renderPretty(record: LogRecord, color: boolean): string {
  const paint = (text: string, code: string): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const speaker = record.context["mod"] ?? record.context["logger"];
  const level = LEVEL_NAMES[record.level].padEnd(7);
  const stacks: string[] = [];
  const fields = Object.entries(record.fields).flatMap(([key, value]) => {
    if (key !== "stack" || typeof value !== "string") return [`${printable(key)}=${prettyValue(value, stacks)}`];
    stacks.push(value);
    return [];
  });
  const head = [
    paint(record.timestamp.slice(11, 23), "90"),
    paint(level, COLORS[record.level]),
    ...(typeof speaker === "string" ? [paint(printable(speaker), "1")] : []),
    printable(record.message),
    ...fields.map((field) => paint(field, "90")),
  ].join(" ");
  return [head, ...stacks.flatMap((stack) => stack.split("\n").map((line) => `    ${printable(line)}`))].join("\n");
}

function prettyValue(value: JsonValue, stacks: string[]): string {
  if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? printable(value) : printable(JSON.stringify(value));
  if (!hasStack(value)) return printable(JSON.stringify(value));
  collectStacks(value, stacks, "");
  return printable(JSON.stringify(value["message"] ?? ""));
}

/** An error, as {@link readRecord} leaves it. */
type ReadError = Record<string, JsonValue> & { readonly stack: string };

function hasStack(value: JsonValue | undefined): value is ReadError {
  return typeof value === "object" && value !== null && !Array.isArray(value) && typeof value["stack"] === "string";
}

function collectStacks(error: ReadError, stacks: string[], prefix: string): void {
  stacks.push(prefix + error.stack);
  const cause = error["cause"];
  if (hasStack(cause)) collectStacks(cause, stacks, "caused by: ");
}

function printable(text: string): string {
  return escapeControls(text.replace(/\n/g, "\\n").replace(/\r/g, "\\r").replace(/\t/g, "\\t"), (code) =>
    code > 0xff ? `\\u${code.toString(16)}` : `\\x${code.toString(16).padStart(2, "0")}`,
  );
}

// C0 and C1 controls (terminals act on both), DEL, line and paragraph separator, and the marks that turn the direction of writing.

const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

function escapeControls(text: string, escape: (code: number) => string): string {
  return text.replace(CONTROLS, (character) => escape(character.charCodeAt(0)));
}

/** ISO 8601 with milliseconds and the offset of local time, such as `2024-08-12T14:30:22.123+02:00`. */
export function localTimestamp(at: Date): string {
  const offset = -at.getTimezoneOffset();
  const shifted = new Date(at.getTime() + offset * 60_000).toISOString().slice(0, 23);
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  return `${shifted}${offset < 0 ? "-" : "+"}${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`;
}
