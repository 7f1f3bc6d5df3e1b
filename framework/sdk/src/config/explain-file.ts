import { canonicalModKey } from "./mod-key.js";
import type { ConfigurationRequest } from "./configuration-types.js";
import { explainParameters, explainSources } from "./explain-configuration.js";
import type { ExplainedParameters, ExplainedSources } from "./explain-configuration.js";
import { jobOutline } from "./job-outline.js";
import { loadConfiguration } from "./load-configuration.js";
import { modOfModeline } from "./modeline.js";
import { ResolvedConfiguration } from "./resolved-configuration.js";
import type { DatapyError } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { discoverMods } from "../registry/discover-mods.js";
import { findMod } from "../registry/find-mod.js";
import { createMasker } from "../secrets/masker.js";

/** What a file of parameters, or each step of a job, resolves to. */
export interface ExplainedFile extends ExplainedSources {
  readonly steps: readonly ExplainedParameters[];
}

/**
 * Resolves what a run of `file` would use, without running anything: every step of a job, one step or mod of it, or a flat file for
 * the mod that `subject` or a comment in the file names. Faults of references come beside what could be resolved.
 *
 * @throws FaultList of what keeps the configuration from being read; `DATAPY_EXPLAIN_…`; `DATAPY_MOD_…` for a mod that is not there.
 */
export async function explainFile(
  request: Pick<ConfigurationRequest, "cwd" | "env" | "environmentName" | "sets"> & {
    readonly file: NonNullable<ConfigurationRequest["file"]>;
    readonly subject?: string | undefined;
  },
): Promise<{ readonly explained: ExplainedFile; readonly faults: readonly DatapyError[] }> {
  const { subject, ...rest } = request;
  const masker = createMasker();
  const configuration = await loadConfiguration({ ...rest, masker, preview: true });
  const registry = discoverMods({ cwd: request.cwd, env: request.env, projectFile: configuration.project?.file });
  const fileName = "path" in request.file ? request.file.path : request.file.name;
  const text = configuration instanceof ResolvedConfiguration ? (configuration.parts.runFile?.document.text ?? "") : "";

  const faults: DatapyError[] = [];
  const steps: ExplainedParameters[] = [];
  for (const { id, mod: reference } of subjects()) {
    const mod = findMod(reference, { cwd: request.cwd, env: request.env, registry });
    const schema = mod.manifest?.params ?? {};
    const step = id === undefined ? {} : { step: id };
    const references = { session: { id: "" }, run: { date: "" }, mods: {} };
    const preview = await configuration.preview({ mod: mod.name, ...step, schema, references });
    faults.push(...preview.faults.filter((one) => !faults.includes(one)));
    steps.push(explainParameters(preview.resolved, { mod: mod.name, ...step, schema }, masker));
  }
  return { explained: { ...explainSources(configuration), steps }, faults };

  function subjects(): { readonly id: string | undefined; readonly mod: string }[] {
    const outline = jobOutline(configuration);
    if (outline === undefined) {
      const mod = subject ?? modOfModeline(text);
      if (mod === undefined) throw fault("DATAPY_EXPLAIN_NO_MOD", { file: fileName });
      return [{ id: undefined, mod }];
    }
    if (subject === undefined) return [...outline];
    const byId = outline.filter((step) => step.id === subject);
    const wanted = canonicalModKey(subject);
    const found =
      byId.length > 0
        ? byId
        : outline.filter((step) => [step.id, step.mod].some((name) => canonicalModKey(name) === wanted));
    if (found.length > 0) return found;
    // A mod that is no package yet is run by its path, and has its parameters under its name.
    if (/[\\/]/.test(subject)) {
      const { name } = findMod(subject, { cwd: request.cwd, env: request.env, registry });
      const own = outline.filter((step) => canonicalModKey(step.mod) === canonicalModKey(name));
      if (own.length > 0) return own.map(({ id }) => ({ id, mod: subject }));
    }
    const names = outline.map((step) => step.id).join(", ");
    throw fault("DATAPY_EXPLAIN_NO_STEP", { file: fileName, name: subject, steps: names === "" ? "none" : names });
  }
}
