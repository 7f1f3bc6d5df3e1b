import os from "node:os";
import type { ErrorEnvelope, SourceLocation } from "@datapy/mod-kit";
import { fault } from "../../errors.js";
import type { LedgerPart } from "../../ledger/ledger-types.js";
import { failureEnvelope, formatFault } from "../../runner/failure-envelope.js";
import type { ReferenceScope } from "../../config/configuration-types.js";
import type { StatusQuestion } from "../conditions/condition-types.js";
import { decidesOnFailure, stepKey } from "../plan/plan-steps.js";
import type { PlanStep } from "../plan/plan-types.js";
import { dependentsOf, reachable } from "../plan/step-graph.js";
import { addedGlobals } from "./added-globals.js";
import type { AddedGlobals } from "./added-globals.js";
import type { Outcome } from "./engine-types.js";
import { evaluateWhen } from "./evaluate-when.js";
import { endReason } from "./job-level.js";
import type { JobLevel } from "./job-level.js";
import { runWork } from "./step-work.js";
import { failedEnding, skipped } from "./step-ending.js";
import type { StepEnding } from "./step-ending.js";
import { partUuid } from "./step-runner.js";

/** Share of the time that a canceled job has which its running steps get, where clean-up comes after them. */
const SHARE_OF_RUNNING_STEPS = 0.5;
/** How long clean-up may take when the time of the job is up, in milliseconds. */
const CLEAN_UP_MS = 10_000;
/** How much earlier than the supervisor clean-up gives up, in milliseconds. */
const HEAD_START_MS = 700;

/** How all steps of a level ended. */
export interface LevelEnding {
  /** By place in the plan. */
  readonly endings: readonly StepEnding[];
  /** Globals that its steps added. */
  readonly added: Readonly<Record<string, unknown>>;
  /** What is wrong with the job and with no step of it. */
  readonly errors: readonly string[];
}

/**
 * Runs the steps of a job as what they wait for has ended. What is skipped, and why, depends on the plan and on how steps end, never on
 * when they do.
 */
export function conductJob(level: JobLevel): Promise<LevelEnding> {
  return new Conductor(level).run();
}

class Conductor {
  readonly #level: JobLevel;
  readonly #steps: readonly PlanStep[];
  readonly #needs: readonly ReadonlySet<number>[];
  readonly #dependents: readonly (readonly number[])[];
  readonly #places: ReadonlyMap<string, number>;
  readonly #open: number[];
  readonly #endings: (StepEnding | undefined)[];
  readonly #outcomes: Record<string, Outcome> = {};
  readonly #added: AddedGlobals;
  readonly #errors: string[] = [];
  readonly #cleanUp = new AbortController();
  readonly #ready: number[] = [];
  #left: number;
  #draining = false;
  /** Why nothing new starts. */
  #stop: { readonly reason: string; readonly cause: string } | undefined;
  #resolve: (ending: LevelEnding) => void = () => undefined;

  constructor(level: JobLevel) {
    this.#level = level;
    const { steps } = level.planned.plan;
    this.#steps = steps;
    this.#places = new Map(steps.map(({ id }, place) => [stepKey(id), place]));
    this.#needs = steps.map(({ needs }) => new Set(needs.map((id) => this.#place(id))));
    this.#dependents = dependentsOf(this.#needs);
    this.#open = this.#needs.map(({ size }) => size);
    this.#endings = steps.map(() => undefined);
    this.#left = steps.length;
    const after = new Map<number, ReadonlySet<number>>();
    this.#added = addedGlobals((one, other) => {
      let later = after.get(one);
      if (later === undefined) after.set(one, (later = reachable([one], this.#dependents)));
      return one !== other && later.has(other);
    }, level.given);
    for (const [id, outcome] of level.job.borrowed) if (level.prefix === "") this.#outcomes[id] = outcome;
  }

  run(): Promise<LevelEnding> {
    const { signal } = this.#level;
    const limitCleanUp = (): void => this.#limitCleanUp();
    if (signal.aborted) limitCleanUp();
    else signal.addEventListener("abort", limitCleanUp, { once: true });
    return new Promise<LevelEnding>((resolve) => {
      this.#resolve = resolve;
      this.#open.forEach((count, place) => {
        if (count === 0) this.#ready.push(place);
      });
      this.#drain();
    }).finally(() => {
      signal.removeEventListener("abort", limitCleanUp);
    });
  }

  /** Not by recursion: a chain of steps that are skipped may be as long as the job. */
  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    for (let place = this.#ready.shift(); place !== undefined; place = this.#ready.shift()) {
      const ending = this.#skipOrNot(place);
      if (ending !== undefined) this.#ended(place, ending);
      else void this.#start(place).then((one) => this.#endedLater(place, one));
    }
    this.#draining = false;
    if (this.#left === 0) {
      this.#resolve({ endings: this.#endings as StepEnding[], added: this.#added.all(), errors: this.#errors });
    }
  }

  #endedLater(place: number, ending: StepEnding): void {
    this.#ended(place, ending);
    this.#drain();
  }

  #ended(place: number, ending: StepEnding): void {
    const step = this.#step(place);
    const { job, prefix } = this.#level;
    this.#endings[place] = ending;
    this.#left -= 1;
    if (ending.outcome !== undefined) {
      this.#outcomes[step.id] = ending.outcome;
      const conflict = this.#added.add(place, ending.outcome.globals);
      if (conflict !== undefined) this.#refuseGlobal(conflict, step);
    }
    if (ending.status === "error" && step.on_error === "fail") {
      this.#stop ??= { reason: `${step.id} failed, and nothing new starts after it`, cause: `${step.id} failed` };
    }
    if (ending.status === "skipped") {
      job.session.log.lifecycle("info", `step ${prefix}${step.id} is skipped: ${ending.summary.reason ?? ""}`, {
        step: prefix + step.id,
      });
    }
    job.onStep(ending.summary);
    for (const dependent of this.#dependents[place] ?? []) {
      this.#open[dependent] = (this.#open[dependent] ?? 0) - 1;
      if (this.#open[dependent] === 0) this.#ready.push(dependent);
    }
  }

  /** Both steps have done their work; whoever would have seen the value must not. */
  #refuseGlobal({ key, by }: { readonly key: string; readonly by: number }, step: PlanStep): void {
    const [first, second] = [this.#step(by), step].sort((one, other) =>
      this.#place(one.id) < this.#place(other.id) ? -1 : 1,
    );
    const error = fault("DATAPY_GLOBAL_CONFLICT", { first: first?.id ?? "", second: second?.id ?? "", key });
    this.#errors.push(formatFault(error));
    this.#level.job.session.log.lifecycle("error", error.message, {}, { code: error.code });
    this.#stop ??= { reason: `two steps set the global ${key}`, cause: `two steps set the global ${key}` };
  }

  #skipOrNot(place: number): StepEnding | undefined {
    const step = this.#step(place);
    const path = this.#level.prefix + step.id;
    const skip = (reason: string, cause = reason, byCondition = false): StepEnding =>
      skipped(path, step.mod?.name, { reason, cause, byCondition });
    const stop = this.#stopped(step);
    if (stop !== undefined) return skip(stop.reason, stop.cause);
    if (decidesOnFailure(step)) return undefined;
    for (const need of this.#needs[place] ?? []) {
      const ending = this.#endings[need];
      const { id, on_error } = this.#step(need);
      if (ending?.status === "error" && on_error !== "continue") return skip(`${id} failed`);
      if (ending?.status === "skipped") {
        const cause = ending.cause ?? "it was not to run";
        return skip(`${id} was skipped, because ${cause}`, cause, ending.byCondition);
      }
    }
    return undefined;
  }

  /** Why a step that has not begun is not to. Clean-up begins all the same. */
  #stopped(step: PlanStep): { readonly reason: string; readonly cause: string } | undefined {
    if (step.always) return undefined;
    const end = endReason(this.#level);
    if (end === undefined) return this.#stop;
    const words = end.exitCode === 40 ? "the time of the job was up" : "the job was canceled";
    return { reason: words, cause: words };
  }

  /** Never rejects. */
  async #start(place: number): Promise<StepEnding> {
    const level = this.#level;
    const step = this.#step(place);
    const path = level.prefix + step.id;
    const { ledger, log } = level.job.session;
    const part: LedgerPart = {
      kind: "step",
      uuid: partUuid(level.job, "step", path),
      step: path,
      parent: { uuid: level.part.uuid, step: level.part.step },
      description: step.description,
    };
    const told = { begun: false };
    let ending: StepEnding;
    try {
      const isMet = await this.#isMet(place);
      if (!isMet) {
        const reason = `its condition is not met: ${String(step.when)}`;
        return skipped(path, step.mod?.name, {
          reason,
          cause: `the condition of ${step.id} is not met`,
          byCondition: true,
        });
      }
      const again = level.earlier.get(step.id);
      if (again !== undefined && this.#allReused(place, true)) return again;
      const mayReuse = this.#allReused(place, false);
      ending = await runWork({
        level,
        step,
        part,
        references: this.#references(place),
        outcomes: this.#outcomes,
        added: this.#added.seenBy(place),
        signal: step.always ? this.#cleanUp.signal : level.signal,
        shielded: step.always,
        graceMs: this.#graceMs(step),
        stopped: () => this.#stopped(step),
        mayReuse,
        location: this.#locationOf(step),
        onBegin: () => {
          told.begun = true;
          ledger.partStarted(part);
        },
      });
    } catch (error) {
      const envelope = this.#envelopeOf(error);
      for (const text of envelope.errors) log.lifecycle("error", text, { step: path });
      ending = failedEnding(path, step.mod?.name, envelope);
    }
    if (told.begun)
      ledger.partEnded(part, { exitCode: ending.exitCode, status: ending.status, errors: ending.summary.errors });
    return ending;
  }

  async #isMet(place: number): Promise<boolean> {
    const step = this.#step(place);
    if (step.when === undefined) return true;
    return evaluateWhen(step.when, {
      configuration: this.#level.planned.configuration,
      references: this.#references(place),
      status: (question, id) => this.#status(place, question, id),
      location: this.#level.planned.written.get(step.id)?.node.entries.get("when")?.location,
    });
  }

  #status(place: number, question: StatusQuestion, id: string | undefined): boolean {
    const asked = id === undefined ? [...(this.#needs[place] ?? [])] : [this.#place(id)];
    const is = (one: number, ...statuses: readonly StepEnding["status"][]): boolean => {
      const status = this.#endings[one]?.status;
      return status !== undefined && statuses.includes(status);
    };
    switch (question) {
      case "succeeded":
        return asked.every((one) => is(one, "success", "warning"));
      case "failed":
        return asked.some((one) => is(one, "error"));
      case "skipped":
        return asked.some((one) => is(one, "skipped"));
    }
  }

  /** A step is taken over only where all that it comes after was: its inputs are then what they were. */
  #allReused(place: number, inThisInvocation: boolean): boolean {
    if (inThisInvocation)
      return [...(this.#needs[place] ?? [])].every((need) => this.#level.earlier.has(this.#step(need).id));
    return [...(this.#needs[place] ?? [])].every((need) => {
      const ending = this.#endings[need];
      return ending === undefined || ending.isReused || ending.status === "skipped";
    });
  }

  #references(place: number): ReferenceScope {
    const { session } = this.#level.job;
    return {
      session: { id: session.id },
      run: { date: session.runDate },
      mods: this.#outcomes,
      added: this.#added.seenBy(place),
    };
  }

  #graceMs(step: PlanStep): number | undefined {
    if (step.always || !this.#steps.some(({ always }) => always)) return undefined;
    return this.#level.job.session.graceMs * SHARE_OF_RUNNING_STEPS;
  }

  /** Clean-up goes on when the job is to end, for as long as there is. */
  #limitCleanUp(): void {
    if (!this.#steps.some(({ always }) => always)) return;
    const reason = endReason(this.#level);
    const isCanceled = reason?.exitCode === 50;
    const limit = isCanceled ? Math.max(0, this.#level.job.session.graceMs - HEAD_START_MS) : CLEAN_UP_MS;
    if (!isCanceled) this.#level.job.onCleanUp(limit + HEAD_START_MS);
    setTimeout(() => this.#cleanUp.abort(reason), limit).unref();
  }

  #envelopeOf(error: unknown): ErrorEnvelope {
    const { session } = this.#level.job;
    const logs = { log_file: session.log.file, session_id: session.id, run_id: "" };
    return session.masker.maskJson(failureEnvelope(error, { executionTime: 0, logs }));
  }

  #locationOf(step: PlanStep): SourceLocation | undefined {
    return this.#level.planned.written.get(step.id)?.node.location;
  }

  #step(place: number): PlanStep {
    const step = this.#steps[place];
    if (step === undefined) throw new RangeError(`there is no step ${String(place)}`);
    return step;
  }

  #place(id: string): number {
    const place = this.#places.get(stepKey(id));
    if (place === undefined) throw fault("DATAPY_STEP_UNKNOWN", { id });
    return place;
  }
}

/** Steps of a job that run at once where nobody says: one for each processor. */
export function defaultParallelism(): number {
  return os.availableParallelism();
}
