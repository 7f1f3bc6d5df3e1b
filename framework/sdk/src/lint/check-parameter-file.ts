import { isDatapyError } from "@datapy/mod-kit";
import type { RunFile } from "../config/config-sources.js";
import { layerParameters } from "../config/layer-parameters.js";
import { checkParameters } from "./check-parameters.js";
import { checkReferences } from "./check-references.js";
import { checkSecrets } from "./check-secrets.js";
import { modFault } from "./finding.js";
import type { LintContext } from "./lint-context.js";

/** Checks a flat file of parameters. Where it is not known which mod they are for, only what holds for any mod is checked. */
export function checkParameterFile(
  file: RunFile & { readonly form: "flat" },
  mod: string | undefined,
  context: LintContext,
): void {
  const { root } = file;
  checkReferences(
    root,
    { steps: undefined, whyNoSteps: "only steps of a job can refer to other steps", item: false },
    context,
  );
  if (mod === undefined) {
    checkSecrets(root, undefined, context.findings);
    return;
  }
  const lookup = context.findMod(mod);
  if (!("mod" in lookup)) {
    checkSecrets(root, undefined, context.findings);
    if (!("error" in lookup)) return;
    if (!isDatapyError(lookup.error)) throw lookup.error;
    context.findings.error(modFault(lookup.error, mod, { file: file.document.name, line: 1, column: 1 }));
    return;
  }
  const schema = lookup.mod.manifest?.params;
  if (schema === undefined) return;
  checkParameters(
    lookup.mod,
    layerParameters(context.parts, { mod: lookup.mod.name, schema }, []),
    { complete: true },
    context,
  );
}
