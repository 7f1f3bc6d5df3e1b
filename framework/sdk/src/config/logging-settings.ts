import { dirname } from "node:path";
import type { DatapyError } from "@datapy/mod-kit";
import { isDatapyError } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { parseLogLevel } from "../logging/log-level.js";
import { absolutePath } from "./absolute-path.js";
import type { LoggingSettings } from "./configuration-types.js";
import type { Expander } from "./expander.js";
import { kindOf } from "./config-sources.js";
import type { TracedObject, TracedValue } from "./traced-value.js";

/**
 * Logging as the project's `logging:` has it (`base_path`, `level`, `format`, `retention_days`) and globals override it (`log_path`,
 * `log_level`, `log_format`). A relative folder is taken from the project file where that is where it was written, else from the
 * working directory.
 */
export function loggingSettings(
  parts: {
    readonly logging: TracedObject | undefined;
    readonly globals: TracedObject;
    readonly projectFile: string | undefined;
    readonly cwd: string;
  },
  expander: Expander,
  faults: DatapyError[],
): LoggingSettings {
  const { logging, globals } = parts;
  const read = (global: string, setting: string): Setting | undefined => {
    const node = globals.entries.get(global) ?? logging?.entries.get(setting);
    if (node === undefined) return undefined;
    const before = faults.length;
    const value = expander.expandTree(node, faults);
    if (faults.length > before || value === null) return undefined;
    return { name: globals.entries.has(global) ? global : `logging.${setting}`, node, value };
  };
  const refuse = (setting: Setting, expected: string): undefined => {
    const given = typeof setting.value === "string" ? `"${setting.value}"` : kindOf(setting.node);
    faults.push(
      fault("DATAPY_CONFIG_SHAPE", { what: setting.name, expected, given }, { location: setting.node.location }),
    );
    return undefined;
  };
  const directory = directoryOf(read("log_path", "base_path"), parts, refuse);
  const level = levelOf(read("log_level", "level"), faults, refuse);
  const format = formatOf(read("log_format", "format"), refuse);
  const retention = read("log_retention_days", "retention_days");
  const days = retention === undefined ? undefined : daysOf(retention, refuse);
  return {
    ...(directory === undefined ? {} : { directory }),
    ...(level === undefined ? {} : { level }),
    ...(format === undefined ? {} : { format }),
    ...(days === undefined ? {} : { retentionDays: days }),
  };
}

interface Setting {
  readonly name: string;
  readonly node: TracedValue;
  readonly value: unknown;
}

type Refuse = (setting: Setting, expected: string) => undefined;

function directoryOf(
  setting: Setting | undefined,
  { projectFile, cwd }: { readonly projectFile: string | undefined; readonly cwd: string },
  refuse: Refuse,
): string | undefined {
  if (setting === undefined) return undefined;
  if (typeof setting.value !== "string" || setting.value === "") return refuse(setting, "a folder's path");
  const fromProject = projectFile !== undefined && setting.node.location?.file === projectFile;
  return absolutePath(setting.value, fromProject ? dirname(projectFile) : cwd);
}

function levelOf(setting: Setting | undefined, faults: DatapyError[], refuse: Refuse): string | undefined {
  if (setting === undefined) return undefined;
  if (typeof setting.value !== "string") return refuse(setting, "a log level (DEBUG, INFO, WARNING or ERROR)");
  try {
    return parseLogLevel(setting.value);
  } catch (error) {
    if (!isDatapyError(error)) throw error;
    faults.push(
      fault("DATAPY_LOG_LEVEL_UNKNOWN", { given: JSON.stringify(setting.value) }, { location: setting.node.location }),
    );
    return undefined;
  }
}

function formatOf(setting: Setting | undefined, refuse: Refuse): "json" | "pretty" | undefined {
  if (setting === undefined) return undefined;
  const value = typeof setting.value === "string" ? setting.value.toLowerCase() : undefined;
  return value === "json" || value === "pretty" ? value : refuse(setting, "json or pretty");
}

function daysOf(setting: Setting, refuse: Refuse): number | undefined {
  const value =
    typeof setting.value === "string" && /^\d+$/.test(setting.value) ? Number(setting.value) : setting.value;
  return typeof value === "number" && value >= 0 ? value : refuse(setting, "a number of days, 0 or more");
}
