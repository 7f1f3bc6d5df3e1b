import type { SourceLocation } from "@datapy/mod-kit";
import { semanticsOf } from "./schema-properties.js";
import type { JsonSchema } from "./schema-properties.js";
import { propertyOf } from "./schema-properties.js";
import type { Configuration, LayerName, ResolvedParameters } from "./configuration-types.js";
import { pointerSteps } from "./yaml-document.js";
import type { Masker } from "../secrets/masker-types.js";

/** One value of a parameter set, as it is explained: masked. */
export interface ExplainedValue {
  /** `columns.id` */
  readonly name: string;
  readonly value: unknown;
  readonly layer: LayerName;
  /** `file:line:column`; empty for a default. */
  readonly source: string;
  /** The text as written, where it held `${…}`. */
  readonly template?: string;
  readonly replaced: readonly { readonly layer: LayerName; readonly source: string; readonly value: unknown }[];
}

/** A parameter set with the origin of every value. */
export interface ExplainedParameters {
  readonly mod: string;
  readonly step?: string;
  readonly values: readonly ExplainedValue[];
}

/**
 * Every value of a resolved parameter set, in the order of the schema, with where it came from and what it replaced. Nothing of a
 * secret is in it.
 */
export function explainParameters(
  resolved: ResolvedParameters,
  subject: { readonly mod: string; readonly step?: string; readonly schema: JsonSchema },
  masker: Masker,
): ExplainedParameters {
  for (const secret of resolved.secrets) masker.add(secret);
  const order = Object.keys(subject.schema["properties"] ?? {});
  const rank = (pointer: string): number => {
    const at = order.indexOf(pointerSteps(pointer)[0] ?? "");
    return at === -1 ? order.length : at;
  };
  const values = [...resolved.origins]
    .filter(([pointer]) => isLeafOrList(resolved, pointer))
    .map(([pointer, origin], index) => ({ pointer, origin, index }))
    .sort((one, other) => rank(one.pointer) - rank(other.pointer) || one.index - other.index)
    .map(({ pointer, origin }): ExplainedValue => {
      const isSecret = semanticsOf(schemaAt(subject.schema, pointer))?.kind === "secret";
      const hide = (value: unknown): unknown =>
        isSecret && value !== null && value !== undefined ? "***" : masker.maskJson(value);
      const given = valueAt(resolved.values, pointer);
      const value = given === undefined && pointer === "/base_path" ? resolved.basePath : given;
      return {
        name: pointerSteps(pointer).join("."),
        value: hide(value),
        layer: origin.layer,
        source: sourceOf(origin.location),
        ...(origin.template === undefined ? {} : { template: masker.mask(origin.template) }),
        replaced: origin.overrode.map((one) => ({
          layer: one.layer,
          source: sourceOf(one.location),
          value: hideOverridden(one.value, hide),
        })),
      };
    });
  return { mod: subject.mod, ...(subject.step === undefined ? {} : { step: subject.step }), values };
}

/** A reference that was overridden is no secret: only what it would have given is, and that was never read. */
function hideOverridden(value: unknown, hide: (value: unknown) => unknown): unknown {
  return typeof value === "string" && value.includes("${") ? value : hide(value);
}

/** Items of a list are shown with the list. */
function isLeafOrList(resolved: ResolvedParameters, pointer: string): boolean {
  const steps = pointerSteps(pointer);
  let value: unknown = resolved.values;
  for (const step of steps.slice(0, -1)) {
    value = (value as Record<string, unknown> | undefined)?.[step];
    if (Array.isArray(value)) return false;
  }
  return true;
}

function valueAt(values: Readonly<Record<string, unknown>>, pointer: string): unknown {
  return pointerSteps(pointer).reduce<unknown>(
    (value, step) =>
      typeof value === "object" && value !== null ? (value as Record<string, unknown>)[step] : undefined,
    values,
  );
}

function schemaAt(schema: JsonSchema, pointer: string): JsonSchema | undefined {
  return pointerSteps(pointer).reduce<JsonSchema | undefined>((one, step) => propertyOf(one, step), schema);
}

/** `file:line:column`, as far as it is known. */
export function sourceOf(location: SourceLocation | undefined): string {
  if (location === undefined) return "";
  const { file, line, column } = location;
  return line === undefined ? file : column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`;
}

/** Where configuration was looked for and what is in force, for the head of an explanation. */
export interface ExplainedSources {
  readonly project: string | undefined;
  readonly searched: readonly string[];
  readonly environment: string | undefined;
  readonly work_path: string;
}

export function explainSources(configuration: Configuration): ExplainedSources {
  const { project, searched, environment, workPath } = configuration;
  return { project: project?.file, searched, environment, work_path: workPath };
}
