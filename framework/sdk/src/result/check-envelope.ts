import type { Envelope, EnvelopeLogs } from "@datapy/mod-kit";
import { valueWords } from "../contract/value-words.js";
import { fault } from "../errors.js";
import { isErrorExitCode } from "./exit-code-of.js";
import { NotJson, toJsonValue } from "./json-value.js";

/** Whose result it is. */
export interface EnvelopeCheck {
  readonly mod: string;
  /** The true `logs` of the run, which take the place of whatever stands in a result that a mod made by hand. */
  readonly logs?: EnvelopeLogs | undefined;
}

type Json = Readonly<Record<string, unknown>>;
type Rule = readonly [fits: (value: unknown) => boolean, expected: string];

const isText = (value: unknown): boolean => typeof value === "string";
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isMapping = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const EXECUTION_TIME: Rule = [(value) => typeof value === "number" && value >= 0, "seconds, a number ≥ 0"];
const GLOBALS: Rule = [isMapping, "an object"];
const LOGS: Rule = [
  (value) =>
    isMapping(value) &&
    Object.keys(value).length === 3 &&
    isText(value["log_file"]) &&
    isText(value["session_id"]) &&
    isText(value["run_id"]),
  "an object with log_file, session_id and run_id",
];
const SUCCESS: Readonly<Record<string, Rule>> = {
  status: [(value) => value === "success" || value === "warning", "success, warning or error"],
  execution_time: EXECUTION_TIME,
  metrics: [isMapping, "an object"],
  artifacts: [(value) => isMapping(value) && Object.values(value).every(isText), "an object of paths or URIs"],
  globals: GLOBALS,
  warnings: [isTextList, "a list of texts"],
  errors: [
    (value) => Array.isArray(value) && value.length === 0,
    "an empty list (an error result says what went wrong)",
  ],
  logs: LOGS,
};
const FAILURE: Readonly<Record<string, Rule>> = {
  status: [(value) => value === "error", "error"],
  execution_time: EXECUTION_TIME,
  errors: [(value) => isTextList(value) && (value as unknown[]).length > 0, "a list of one text or more"],
  exit_code: [isErrorExitCode, "20, 30, 40 or 50"],
  globals: GLOBALS,
  logs: LOGS,
};

/**
 * The result that a mod's `run` returned, as a copy that survives JSON. One that a mod made by hand is as good as one from
 * `ctx.result`, if it has exactly the keys of the specification.
 *
 * Throws `DATAPY_MOD_NO_ENVELOPE` for what is no result at all, `DATAPY_MOD_BAD_ENVELOPE` for a malformed one with all that is wrong.
 * A success that has warnings is a warning.
 */
export function checkEnvelope(value: unknown, { mod, logs }: EnvelopeCheck): Envelope {
  if (!isMapping(value) || !("status" in value))
    throw fault("DATAPY_MOD_NO_ENVELOPE", { mod, given: valueWords(value) });
  const details: string[] = [];
  const plain = plainCopy(value, details);
  if (plain !== undefined) {
    // A number that JSON cannot hold is null in the copy, and said already: saying it again as "must be a number" helps nobody.
    if (details.length === 0) details.push(...keyDetails(plain), ...valueDetails(plain));
  }
  if (plain === undefined || details.length > 0)
    throw fault("DATAPY_MOD_BAD_ENVELOPE", { mod, detail: details.join("; ") });
  // Held against the rules above, which say what the type says.
  const envelope = plain as Envelope;
  const stamped = logs === undefined ? envelope : { ...envelope, logs: { ...logs } };
  return stamped.status === "success" && stamped.warnings.length > 0 ? { ...stamped, status: "warning" } : stamped;
}

function rulesFor(envelope: Json): Readonly<Record<string, Rule>> {
  return envelope["status"] === "error" ? FAILURE : SUCCESS;
}

function plainCopy(value: Json, details: string[]): Json | undefined {
  try {
    const copy = toJsonValue(value, (place, given) => {
      details.push(`${place} is ${given}`);
    });
    if (isMapping(copy)) return copy;
    details.push(`it turns into ${valueWords(copy)} as JSON`);
    return undefined;
  } catch (error) {
    // Also what a getter or a toJSON of the mod's own throws.
    details.push(
      error instanceof NotJson
        ? `${error.place === "" ? "it" : error.place} holds ${error.given}`
        : `it cannot be read: ${String(error)}`,
    );
    return undefined;
  }
}

function keyDetails(envelope: Json): string[] {
  const rules = rulesFor(envelope);
  return [
    ...Object.keys(rules)
      .filter((key) => !Object.hasOwn(envelope, key))
      .map((key) => `${key} is missing`),
    ...Object.keys(envelope)
      .filter((key) => !Object.hasOwn(rules, key))
      .map((key) => `a result with status ${String(envelope["status"])} has no ${key}`),
  ];
}

function valueDetails(envelope: Json): string[] {
  return Object.entries(rulesFor(envelope)).flatMap(([key, [fits, expected]]) =>
    !Object.hasOwn(envelope, key) || fits(envelope[key])
      ? []
      : [`${key} must be ${expected}, not ${valueWords(envelope[key])}`],
  );
}
