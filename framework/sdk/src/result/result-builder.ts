import { randomBytes } from "node:crypto";
import path from "node:path";
import type { DatasetUse, Envelope, EnvelopeLogs, ErrorExitCode, ResultBuilder } from "@datapy/mod-kit";
import { isUrl } from "../config/absolute-path.js";
import { valueWords } from "../contract/value-words.js";
import { fault } from "../errors.js";
import { RESERVED_METRICS } from "../metrics/run-metrics.js";
import { isErrorExitCode } from "./exit-code-of.js";
import { NotJson, setOwn, toJsonValue } from "./json-value.js";
import type { JsonValue } from "./json-value.js";

/** What a builder is made for. */
export interface ResultBuilderOptions {
  /** Name of the mod. */
  readonly mod: string;
  /** UUID. */
  readonly sessionId: string;
  /** Absolute; empty where there is none. */
  readonly logFile: string;
  /** Default a new one, `<mod>_<8 hex>`. */
  readonly runId?: string | undefined;
  /** Folder that a relative path of an artifact is taken from. Default the working directory. */
  readonly cwd?: string | undefined;
  /** Told what is worth a line in the log and no warning in the result: a metric that the host measures itself. */
  readonly onNote?: ((message: string) => void) | undefined;
  /** Told what the mod says it reads and writes. */
  readonly onDataset?: ((dataset: DatasetUse) => void) | undefined;
}

/** A new run id: `<mod>_<8 hex>`. */
export function newRunId(mod: string): string {
  return `${mod}_${randomBytes(4).toString("hex")}`;
}

/**
 * Makes the `ctx.result` of one run. What is added is copied at once, so a value that a mod changes afterwards changes no result.
 *
 * - A metric or global that JSON cannot hold throws `DATAPY_RESULT_VALUE` (functions, circles, …); NaN, infinities and `undefined` are
 *   kept as `null`, with a warning in the result. See `toJsonValue` for the rest.
 * - Metrics that the host measures are left out, with a note in the log.
 * - `success()` or `warning()` after `addError()` give an error result, exit code 30: an error that was said is never lost.
 * - `error()` without any `addError()` gives `DATAPY_MOD_NO_REASON`; an exit code that is none throws `DATAPY_RESULT_EXIT_CODE`.
 */
export function createResultBuilder(options: ResultBuilderOptions): ResultBuilder {
  return new Builder(options);
}

class Builder implements ResultBuilder {
  readonly #options: ResultBuilderOptions;
  readonly #logs: EnvelopeLogs;
  readonly #began = performance.now();
  readonly #warnings: string[] = [];
  readonly #errors: string[] = [];
  readonly #metrics: Record<string, JsonValue> = {};
  readonly #artifacts: Record<string, string> = {};
  readonly #globals: Record<string, JsonValue> = {};

  constructor(options: ResultBuilderOptions) {
    this.#options = options;
    const { mod, sessionId, logFile, runId = newRunId(mod) } = options;
    this.#logs = { log_file: logFile, session_id: sessionId, run_id: runId };
    // Authors write `const { addMetric, success } = ctx.result`.
    for (const name of [
      "addWarning",
      "addError",
      "addMetric",
      "addArtifact",
      "addGlobal",
      "addDataset",
      "success",
      "warning",
      "error",
    ] as const) {
      Object.defineProperty(this, name, {
        value: (Builder.prototype[name] as (...args: unknown[]) => unknown).bind(this),
      });
    }
    Object.freeze(this);
  }

  addWarning(message: string): void {
    this.#warnings.push(textOf(message));
  }

  addError(message: string): void {
    this.#errors.push(textOf(message));
  }

  addMetric(key: string, value: unknown): void {
    this.#checkKey("metric", key);
    if (RESERVED_METRICS.has(key)) {
      this.#options.onNote?.(`metric ${key} is measured by the host; the value of ${this.#options.mod} is not used`);
      return;
    }
    setOwn(this.#metrics, key, this.#json("metric", key, value));
  }

  addArtifact(key: string, uri: string): void {
    this.#checkKey("artifact", key);
    // Authors of JavaScript also hand over URL objects, and whole artifacts.
    const given: unknown = uri;
    const text = given instanceof URL ? given.href : given;
    if (typeof text !== "string" || text === "")
      throw this.#refused("artifact", key, `${valueWords(given)}, not a path or URI`);
    setOwn(this.#artifacts, key, isUrl(text) ? text : path.resolve(this.#options.cwd ?? process.cwd(), text));
  }

  addGlobal(key: string, value: unknown): void {
    this.#checkKey("global", key);
    setOwn(this.#globals, key, this.#json("global", key, value));
  }

  addDataset(dataset: DatasetUse): void {
    const given = dataset as Partial<DatasetUse> | undefined;
    const { uri, role } = given ?? {};
    if (typeof uri !== "string" || uri === "" || (role !== "input" && role !== "output"))
      throw this.#refused("dataset", typeof uri === "string" ? uri : "without a URI", valueWords(role ?? given));
    this.#options.onDataset?.(structuredClone(dataset));
  }

  success(): Envelope {
    return this.#succeeded(this.#warnings.length > 0 ? "warning" : "success");
  }

  warning(): Envelope {
    return this.#succeeded("warning");
  }

  error(exitCode: ErrorExitCode = 30): Envelope {
    if (!isErrorExitCode(exitCode))
      throw fault("DATAPY_RESULT_EXIT_CODE", { mod: this.#options.mod, given: valueWords(exitCode) });
    const { code, message, hint = "" } = fault("DATAPY_MOD_NO_REASON", { mod: this.#options.mod });
    return {
      status: "error",
      execution_time: this.#seconds(),
      errors: this.#errors.length > 0 ? [...this.#errors] : [`${code}: ${message}. ${hint}`],
      exit_code: exitCode,
      globals: {},
      logs: { ...this.#logs },
    };
  }

  #succeeded(status: "success" | "warning"): Envelope {
    if (this.#errors.length > 0) return this.error(30);
    return {
      status,
      execution_time: this.#seconds(),
      metrics: copy(this.#metrics),
      artifacts: copy(this.#artifacts),
      globals: copy(this.#globals),
      warnings: [...this.#warnings],
      errors: [],
      logs: { ...this.#logs },
    };
  }

  /** To the millisecond, from when the builder was made. */
  #seconds(): number {
    return Math.round(performance.now() - this.#began) / 1000;
  }

  #json(kind: string, key: string, value: unknown): JsonValue {
    try {
      return toJsonValue(value, (place, given) => {
        this.#warnings.push(
          `${kind} ${key} was ${given}${place === "" ? "" : ` at ${place}`}, which JSON cannot hold; it is null in the result`,
        );
      });
    } catch (error) {
      if (!(error instanceof NotJson)) throw error;
      throw this.#refused(kind, key, error.message);
    }
  }

  #checkKey(kind: string, key: unknown): void {
    if (typeof key !== "string" || key === "") throw this.#refused(kind, "without a name", valueWords(key));
  }

  #refused(kind: string, key: string, given: string): Error {
    return fault("DATAPY_RESULT_VALUE", { mod: this.#options.mod, kind, key, given });
  }
}

/** `{ ...from }` would do, were it not for a key called `__proto__`. */
function copy<Value>(from: Readonly<Record<string, Value>>): Record<string, Value> {
  const to: Record<string, Value> = {};
  for (const [key, value] of Object.entries(from)) setOwn(to, key, value);
  return to;
}

/** Messages are texts; authors of JavaScript also add the error that they caught. */
function textOf(message: unknown): string {
  if (typeof message === "string") return message;
  return message instanceof Error ? message.message || message.name : valueWords(message);
}
