import { join } from "node:path";
import { loadConfiguration } from "../../src/config/load-configuration.js";
import type { ValueOrigin } from "../../src/config/configuration-types.js";

// The two YAML files of the specification, word for word.
const project = join(__dirname, "fixtures/specification");
const defaults = join(project, "project_defaults.yaml");
const job = join(project, "jobs/daily-etl/daily_customer_etl.yaml");

/** Schemas with the parameters that the specification shows, and the defaults of its csv_reader. */
const text = { type: "string" };
const schemas = {
  csv_reader: {
    type: "object",
    properties: {
      input_path: text,
      delimiter: { ...text, default: "," },
      encoding: { ...text, default: "utf-8" },
      base_path: text,
    },
  },
  data_cleaner: {
    type: "object",
    properties: {
      input_artifact: text,
      null_strategy: { ...text, default: "keep" },
      min_length: { type: "integer" },
      encoding: text,
    },
  },
  database_writer: {
    type: "object",
    properties: {
      input_artifact: text,
      connection_string: text,
      table_name: text,
      batch_size: { type: "integer", default: 5000 },
      pool_size: { type: "integer", default: 5 },
    },
  },
  database_reader: {
    type: "object",
    properties: { connection_string: text, pool_size: { type: "integer", default: 5 }, query: text },
  },
  api_client: {
    type: "object",
    properties: {
      endpoint: text,
      timeout: { type: "integer", default: 30 },
      auth_method: { ...text, default: "none" },
    },
  },
} as const;

async function resolved(mod: keyof typeof schemas, cwd = join(project, "jobs/daily-etl")) {
  const configuration = await loadConfiguration({ cwd, env: {}, file: { path: job } });
  return configuration.resolve({
    mod,
    schema: schemas[mod],
    references: { session: { id: "s" }, run: { date: "2024-08-12" }, mods: {} },
  });
}

/** `layer file:line`, and the same of what was replaced. */
function trace(origin: ValueOrigin | undefined): string {
  const one = ({ layer, location }: Pick<ValueOrigin, "layer" | "location">): string => {
    const file =
      location?.file === defaults
        ? "project_defaults.yaml"
        : location?.file === job
          ? "daily_customer_etl.yaml"
          : "mod";
    return `${layer} ${file}${location?.line === undefined ? "" : `:${location.line}`}`;
  };
  return origin === undefined ? "nowhere" : [origin, ...origin.overrode].map(one).join(" over ");
}

describe("the specification's project and job", () => {
  test("are found from the job's folder, from the project's, and from anywhere by the job's path", async () => {
    for (const cwd of [join(project, "jobs/daily-etl"), join(project, "jobs"), project, "/"]) {
      const configuration = await loadConfiguration({ cwd, env: {}, file: { path: job } });
      expect(configuration.project).toEqual({ file: defaults, name: "customer_analytics", version: "2.1.0" });
    }
  });

  test("give csv_reader these values, each from there", async () => {
    const { values, origins, basePath } = await resolved("csv_reader");
    expect({ ...values }).toEqual({
      input_path: "customers.csv",
      delimiter: "|",
      encoding: "utf-8",
      base_path: "/data/2024-08-12",
    });
    // Job globals override project settings.
    expect(basePath).toBe("/data/2024-08-12");
    expect(trace(origins.get("/input_path"))).toBe("params daily_customer_etl.yaml:11");
    expect(trace(origins.get("/delimiter"))).toBe("params daily_customer_etl.yaml:12 over default mod");
    expect(trace(origins.get("/encoding"))).toBe(
      "globals daily_customer_etl.yaml:7 over project project_defaults.yaml:17 over default mod",
    );
    expect(trace(origins.get("/base_path"))).toBe(
      "globals daily_customer_etl.yaml:3 over project project_defaults.yaml:18",
    );
    expect(origins.size).toBe(4);
  });

  test("give data_cleaner these values, each from there", async () => {
    const { values, origins, basePath } = await resolved("data_cleaner");
    expect({ ...values }).toEqual({ null_strategy: "drop", min_length: 3, encoding: "utf-8" });
    expect(basePath).toBe("/data/2024-08-12");
    expect(trace(origins.get("/null_strategy"))).toBe("params daily_customer_etl.yaml:15 over default mod");
    expect(trace(origins.get("/min_length"))).toBe("params daily_customer_etl.yaml:16");
    expect(trace(origins.get("/encoding"))).toBe("globals daily_customer_etl.yaml:7");
    expect(trace(origins.get("/base_path"))).toBe("globals daily_customer_etl.yaml:3");
  });

  test("give database_writer these values, each from there", async () => {
    const { values, origins } = await resolved("database_writer");
    expect({ ...values }).toEqual({ table_name: "customers", batch_size: 1000, pool_size: 5 });
    expect(trace(origins.get("/table_name"))).toBe("params daily_customer_etl.yaml:19");
    expect(trace(origins.get("/batch_size"))).toBe("params daily_customer_etl.yaml:20 over default mod");
    expect(trace(origins.get("/pool_size"))).toBe("default mod");
  });

  test("give mods that the job does not name what the project has for them", async () => {
    const reader = await resolved("database_reader");
    expect({ ...reader.values }).toEqual({
      connection_string: "postgresql://analytics-db:5432/customer_data",
      pool_size: 20,
    });
    expect(trace(reader.origins.get("/pool_size"))).toBe("project project_defaults.yaml:14 over default mod");
    const client = await resolved("api_client");
    expect({ ...client.values }).toEqual({
      endpoint: "https://customer-analytics-api.internal.com",
      timeout: 60,
      auth_method: "oauth2",
    });
    expect(trace(client.origins.get("/auth_method"))).toBe("project project_defaults.yaml:10 over default mod");
  });

  test("give globals and logging; the job's globals override the project's logging", async () => {
    const configuration = await loadConfiguration({ cwd: project, env: {}, file: { path: job } });
    expect({ ...configuration.globals }).toEqual({
      base_path: "/data/2024-08-12",
      log_level: "DEBUG",
      log_path: "/logs/etl/",
      log_format: "json",
      encoding: "utf-8",
    });
    expect(configuration.logging).toEqual({
      directory: "/logs/etl",
      level: "debug",
      format: "json",
      retentionDays: 30,
    });
    expect(configuration.workPath).toBe(join(project, ".datapy"));
  });

  test("without the job, logging is the project's", async () => {
    const configuration = await loadConfiguration({ cwd: project, env: {} });
    expect(configuration.logging).toEqual({ directory: "/logs/customer_analytics", retentionDays: 30 });
  });
});
