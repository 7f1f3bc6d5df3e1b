import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fault } from "../errors.js";
import { systemReason } from "../system-reason.js";
import type { RegisteredMod } from "../registry/registry-types.js";
import { installSchemas, parametersModeline } from "../schema/install-schemas.js";
import { PROJECT_FILE } from "./find-project.js";

/** What `datapy init` made. */
export interface InitializedProject {
  readonly root: string;
  readonly name: string;
  /** Absolute paths of what was written; files that were there already are left as they are. */
  readonly written: readonly string[];
  readonly kept: readonly string[];
  /** Why the editor's settings were not changed, and what to add to them. */
  readonly settingsProblem: string | undefined;
}

/**
 * Makes a project that runs as it is (with `csv-reader` installed): defaults, one job, the same job as a script, parameters, data,
 * `.gitignore` and editor schemas.
 *
 * @throws DatapyError `DATAPY_PROJECT_EXISTS` where the folder is a project already.
 */
export function initProject(root: string, mods: readonly RegisteredMod[]): InitializedProject {
  const marker = join(root, PROJECT_FILE);
  if (existsSync(marker)) throw fault("DATAPY_PROJECT_EXISTS", { root }, { location: { file: marker } });
  const name =
    basename(root)
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "_")
      .replace(/^_+|_+$/g, "") || "project";
  const written: string[] = [];
  const kept: string[] = [];
  for (const [file, text] of Object.entries(filesOf(root, name))) {
    const path = join(root, file);
    if (existsSync(path)) kept.push(path);
    else {
      write(path, text);
      written.push(path);
    }
  }
  const schemas = installSchemas(root, mods);
  return {
    root,
    name,
    written: [...written, ...schemas.files, ...(schemas.settings === undefined ? [] : [schemas.settings])],
    kept,
    settingsProblem: schemas.settingsProblem,
  };
}

function write(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { flag: "wx" });
  } catch (error) {
    throw fault("DATAPY_FILE_UNWRITABLE", { path, detail: systemReason(error) }, { cause: error });
  }
}

function filesOf(root: string, name: string): Readonly<Record<string, string>> {
  const parameters = "jobs/orders/read_orders.yaml";
  return {
    [PROJECT_FILE]: `# Defaults of every job of this project. A job's globals override them, a job's parameters override those.
project_name: "${name}"
project_version: "0.1.0"

mod_defaults:
  csv_reader:
    delimiter: ","
    encoding: utf-8

logging:
  base_path: logs
  retention_days: 30

# Overlays of the above, chosen with --env or DATAPY_ENV:
# environments:
#   prod:
#     logging: { level: WARNING }
`,
    "jobs/orders/orders.yaml": `# datapy run-mod csv-reader -p jobs/orders/orders.yaml
globals:
  base_path: data

mods:
  csv_reader:
    input_path: orders.csv
`,
    [parameters]: `${parametersModeline(root, join(root, parameters), "csv-reader")}
# datapy run-mod csv-reader -p ${parameters}
input_path: data/orders.csv
`,
    "jobs/orders/orders.ts": `// datapy run-script jobs/orders/orders.ts
import { runMod, setGlobalConfig } from "@datapy/sdk";

setGlobalConfig({ base_path: "data" });

const orders = await runMod("csv-reader", { input_path: "orders.csv" });
if (orders.status !== "error") console.error(\`\${orders.metrics.rows_output} orders are in \${orders.artifacts.output_data}\`);
`,
    "data/orders.csv": `order_id,customer,amount,ordered_on
1,Ada,12.50,2024-08-12
2,Grace,99.00,2024-08-12
3,Edsger,7.25,2024-08-13
`,
    ".gitignore": `.datapy/
logs/
node_modules/
`,
  };
}
