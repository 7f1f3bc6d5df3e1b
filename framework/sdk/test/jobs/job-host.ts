import { mkdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import type { ErrorEnvelope, SuccessEnvelope } from "@datapy/mod-kit";
import type { StepSummary } from "../../src/jobs/engine/step-ending.js";
import type { RunnerRequest } from "../../src/runner/runner-protocol.js";
import { HostFolder } from "../runner/host-process.js";
import type { Outcome, Running } from "../runner/host-process.js";

/** An envelope of a job, whatever its status. */
export type AnyJobEnvelope = Omit<SuccessEnvelope, "status"> &
  Omit<ErrorEnvelope, "status"> & { readonly status: string; readonly steps: readonly StepSummary[] };

type JobRequest = Partial<Omit<Extract<RunnerRequest, { kind: "run-job" }>, "kind" | "configuration">> & {
  readonly sets?: readonly string[];
};

/** A folder with mods and job files, and jobs that run in it. */
export class JobHost extends HostFolder {
  constructor() {
    super();
    // Mods that find mod-kit beside them are imported by Node itself, which is faster.
    mkdirSync(path.join(this.path, "node_modules/@datapy"), { recursive: true });
    symlinkSync(
      path.resolve(__dirname, "../../../mod-kit"),
      path.join(this.path, "node_modules/@datapy/mod-kit"),
      "dir",
    );
    // Notes that it ran; does what it is told: add a global, wait, fail until a file is there, write a table.
    this.mod(
      "step",
      `
    const { appendFileSync, existsSync } = await import("node:fs");
    appendFileSync("ran.txt", params.name + "\\n");
    if (params.wait > 0) await new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, params.wait);
      ctx.signal.addEventListener("abort", () => { clearTimeout(timer); reject(ctx.signal.reason); });
    });
    while (params.until !== undefined && !existsSync(params.until)) { ctx.signal.throwIfAborted(); await new Promise((resolve) => setTimeout(resolve, 20)); }
    if (params.fail !== undefined && !existsSync(params.fail)) throw new Error("it broke: " + params.name);
    if (params.warn) ctx.result.addWarning("look at " + params.name);
    if (params.global !== undefined) ctx.result.addGlobal(params.global, params.value ?? params.name);
    ctx.result.addMetric("rows_output", params.rows);
    ctx.result.addMetric("seen", { ...ctx.globals });
    if (params.rows > 0) await ctx.data.writeTable("output_data", sql\`select i as id, 'n' || i as name from range(\${params.rows}) t(i)\`);
    return ctx.result.success();`,
      {
        params: `{
        name: Type.String({ default: "?" }), wait: Type.Number({ default: 0 }), fail: Type.Optional(Type.String()),
        warn: Type.Boolean({ default: false }), global: Type.Optional(Type.String()), value: Type.Optional(Type.Unknown()),
        rows: Type.Integer({ default: 0 }), input: Type.Optional(Type.Unknown()), until: Type.Optional(Type.String()),
      }`,
        artifacts: `{ output_data: { kind: "table", description: "Rows", optional: true } }`,
      },
    );
  }

  /** Runs `job.yaml`, whose text this is. */
  startJob(text: string | undefined, request: JobRequest = {}, env: Readonly<Record<string, string>> = {}): Running {
    if (text !== undefined) this.file("job.yaml", text);
    const { sets, ...rest } = request;
    const configuration = {
      ...(rest.replay === undefined ? { file: { path: "job.yaml" } } : {}),
      ...(sets === undefined ? {} : { sets }),
    };
    return this.request({ kind: "run-job", logLevel: "error", configuration, ...rest }, env);
  }

  /** The same, to its end. */
  async runJob(
    text: string | undefined,
    request: JobRequest = {},
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly code: number | null; readonly envelope: AnyJobEnvelope; readonly outcome: Outcome }> {
    const outcome = await this.startJob(text, request, env).ended;
    return { code: outcome.code, envelope: jobEnvelope(outcome), outcome };
  }

  /** Names of the steps that ran, in the order in which they began, since the last call. */
  ran(): string[] {
    const text = this.text("ran.txt");
    this.file("ran.txt", "");
    return text.split("\n").filter((line) => line !== "");
  }
}

/** The one envelope on stdout. */
export function jobEnvelope(outcome: Outcome): AnyJobEnvelope {
  const lines = outcome.stdout.split("\n").filter((line) => line !== "");
  if (lines.length !== 1) throw new Error(`not one line on stdout: ${outcome.stdout.slice(0, 500)} ${outcome.stderr}`);
  return JSON.parse(lines[0] ?? "") as AnyJobEnvelope;
}

/** `a: success`, `b: skipped (a failed)`, in the order in which they ended. */
export function statuses({ steps }: AnyJobEnvelope): string[] {
  return steps.map(({ step, status, reason }) => `${step}: ${status}${reason === undefined ? "" : ` (${reason})`}`);
}
