import type { SourceLocation } from "@datapy/mod-kit";

/** What a job will do: a plain JSON value, made by `planJob`, shown by `--dry-run --json`, and run by an engine. */
export interface Plan {
  /** Of this description itself. */
  readonly format: 1;
  readonly job: PlanJob;
  /** Name of the project's file's environment that is in force. */
  readonly environment: string | null;
  readonly settings: PlanSettings;
  /** As far as they are known before the run, secrets masked. */
  readonly globals: Readonly<Record<string, unknown>>;
  /** In an order in which they can run; of steps that can run side by side, as they are declared. */
  readonly steps: readonly PlanStep[];
  readonly edges: readonly PlanEdge[];
  /** SHA-256 of all that makes the plan what it is, in hexadecimal. Equal plans have equal hashes on every machine. */
  readonly hash: string;
}

/** The job that a plan is of. */
export interface PlanJob {
  readonly name: string;
  /** Absolute path, or `<stdin>`. */
  readonly file: string;
  readonly form: "simple" | "graph";
  readonly description?: string;
  readonly owner?: string;
  readonly tags?: readonly string[];
}

/** What holds for the job as a whole. */
export interface PlanSettings {
  /** Steps that run at once; `null`: as many as there are processors. */
  readonly max_parallel: number | null;
  readonly timeout_ms: number | null;
  readonly on_overlap: "refuse" | "wait" | "allow";
}

/** What becomes of the rest of the job when a step has failed. */
export type OnError = "fail" | "continue" | "skip_dependents";

/** A step of a plan. */
export interface PlanStep {
  readonly id: string;
  readonly description?: string;
  /** What it runs: a mod, or a job. */
  readonly mod?: PlanMod;
  readonly sub_job?: Plan;
  /**
   * Parameters as far as they are known before the run, secrets masked. What only the run can answer (`${mods.x.artifacts.y}`,
   * `${item}`) stands as it is written. Of a sub-job: the globals that it is given.
   */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Layer and place of each of them, by JSON pointer. */
  readonly provenance: Readonly<Record<string, PlanOrigin>>;
  /** Table that is given to `input_artifact`, which nothing else gives (simple form). */
  readonly input?: { readonly step: string; readonly artifact: string };
  /** Steps that it waits for. */
  readonly needs: readonly string[];
  /** Those among them whose outcome it refers to. */
  readonly reads: readonly string[];
  /** As written. */
  readonly when?: boolean | string;
  readonly always: boolean;
  readonly retries: PlanRetries;
  readonly timeout_ms: number | null;
  readonly on_error: OnError;
  /** As written. */
  readonly foreach?: unknown;
  readonly concurrency: number;
  /** `null`: no result of an earlier run is used. */
  readonly cache: { readonly max_age_ms: number | null } | null;
  readonly isolate: boolean;
  readonly memory_limit_bytes: number | null;
  readonly tags: readonly string[];
  /** SHA-256 of what its result depends on: mod, version, parameters, items; not of retries and the like. */
  readonly hash: string;
}

/** The mod of a step. */
export interface PlanMod {
  readonly name: string;
  /** As the job file refers to it. */
  readonly reference: string;
  readonly version: string;
  /** npm package; absent for a file that was given by path. */
  readonly package?: string;
  readonly category: string;
  /** SHA-256 of the file, for a mod that was given by path: its version says little. */
  readonly source_hash?: string;
}

/** Where a parameter came from. */
export interface PlanOrigin {
  readonly layer: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly template?: string;
}

/** How often, and after what, a step is tried again. */
export interface PlanRetries {
  readonly max: number;
  readonly initial_ms: number;
  readonly factor: number;
  readonly max_ms: number;
  /** Error codes, `retryable`, or nothing at all: then every failure with exit code 30 or 40. */
  readonly on: readonly string[];
}

/** `from` ends before `to` begins. */
export interface PlanEdge {
  readonly from: string;
  readonly to: string;
  /** Why: `needs` says so; a reference or condition names it; the table of one is the input of the other; the order of the file; clean-up. */
  readonly because: "needs" | "reference" | "input" | "order" | "always";
}

/** Where a step stands in its file, for messages; not part of the plan. */
export type StepLocations = ReadonlyMap<string, SourceLocation | undefined>;
