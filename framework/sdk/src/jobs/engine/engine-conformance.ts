import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { DatapyError, Envelope } from "@datapy/mod-kit";
import { loadConfiguration } from "../../config/load-configuration.js";
import { ResolvedConfiguration } from "../../config/resolved-configuration.js";
import { fault } from "../../errors.js";
import { openSession } from "../../runner/session.js";
import { createMasker } from "../../secrets/masker.js";
import { canonicalJson } from "../plan/canonical-json.js";
import { snapshotOf } from "./configuration-snapshot.js";
import type { JobEngine, OpenEngine, StepTask, TaskControls, TaskResult } from "./engine-types.js";

/** One promise of an engine. `run` throws where it is not kept. */
export interface EngineCheck {
  readonly title: string;
  run(): Promise<void>;
}

/** Mods that the checks run, as files: an engine that works elsewhere copies the folder, or shares it. */
const MODS: Readonly<Record<string, string>> = {
  echo: `ctx.result.addMetric("params", params); ctx.result.addMetric("globals", { ...ctx.globals });
    ctx.result.addMetric("bookmark", (await ctx.state.get("at")) ?? null); ctx.state.set("at", params.n); ctx.result.addGlobal("n", params.n);
    return ctx.result.success();`,
  table: `await ctx.data.writeTable("output_data", sql\`select i as id from range(\${params.n}) t(i)\`); return ctx.result.success();`,
  throws: `throw new Error("it broke");`,
  refuses: `ctx.result.addError("ACME_WRONG: that will not do"); return ctx.result.error(20);`,
  waits: `await new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, params.n);
      ctx.signal.addEventListener("abort", () => { clearTimeout(timer); reject(ctx.signal.reason); });
    });
    return ctx.result.success();`,
};

/**
 * The promises of {@link JobEngine}, as checks that any test runner can run: `for (const check of engineConformance(() => myEngine)) test(check.title, check.run)`.
 *
 * @param isolate whether the tasks ask for a process of their own
 */
export function engineConformance(makeEngine: () => JobEngine, { isolate = false } = {}): readonly EngineCheck[] {
  const check = (title: string, body: (bench: Bench) => Promise<void>): EngineCheck => ({
    title,
    run: async () => {
      const bench = await openBench(makeEngine(), isolate);
      try {
        await body(bench);
      } finally {
        await bench.close();
      }
    },
  });
  return [
    check("runs a task with its parameters, and gives its envelope", async (bench) => {
      const { envelope, mod, version, failures } = await bench.run("echo", { n: 3 });
      assert.equal(envelope.status, "success");
      assertSame([mod, version, failures], ["echo", "1.2.3", []]);
      assertSame(metricsOf(envelope)["params"], { n: 3 });
    }),
    check("takes and gives nothing but JSON", async (bench) => {
      const result = await bench.run("echo", { n: 1 });
      assertSame(JSON.parse(JSON.stringify(result)), result);
    }),
    check("gives a mod the globals, outcomes and bookmarks of the task, and no others", async (bench) => {
      const { envelope, bookmarks } = await bench.run(
        "echo",
        { n: 1 },
        {
          added: { batch: "b1" },
          outcomes: { before: { artifacts: {}, metrics: { rows: 7 }, globals: {} } },
          bookmarks: { echo: [["at", "41"]] },
          step: { stepId: "referring" },
        },
      );
      assert.equal(envelope.status, "success", JSON.stringify(envelope.errors));
      const metrics = metricsOf(envelope);
      assertSame(metrics["globals"], { configured: true, batch: "b1" });
      assert.equal(metrics["bookmark"], 41);
      assertSame(metrics["params"], { n: 1, text: "7 rows" });
      // Whether they are kept is for the job to say.
      assertSame(bookmarks, [["at", "1"]]);
      const other = await bench.run("echo", { n: 2 });
      assert.equal(metricsOf(other.envelope)["bookmark"], null);
    }),
    check("tells what was made, with a checksum", async (bench) => {
      const { artifacts, envelope } = await bench.run("table", { n: 5 });
      assert.equal(envelope.status, "success", JSON.stringify(envelope.errors));
      assert.equal(artifacts.length, 1);
      assert.match(artifacts[0]?.checksum ?? "", /^[0-9a-f]{64}$/);
      assertSame(Object.values(artifactsOf(envelope)), [artifacts[0]?.uri]);
    }),
    check("gives the same task the same run id", async (bench) => {
      const [one, other] = [await bench.run("echo", { n: 1 }), await bench.run("echo", { n: 1 })];
      assert.equal(one.envelope.logs.run_id, other.envelope.logs.run_id);
      assert.match(one.envelope.logs.run_id, /^echo_0a1b2c3d$/);
    }),
    check("a task that fails is an envelope with its error and code", async (bench) => {
      const thrown = await bench.run("throws", {});
      assert.equal(thrown.envelope.status === "error" && thrown.envelope.exit_code, 30);
      assertSame(thrown.failures, [{ code: "DATAPY_MOD_THREW", retryable: false }]);
      const refused = await bench.run("refuses", {});
      assert.equal(refused.envelope.status === "error" && refused.envelope.exit_code, 20);
      assertSame(refused.failures, [{ code: "ACME_WRONG", retryable: false }]);
    }),
    check("so is one whose mod is not there, or whose parameters are wrong", async (bench) => {
      for (const [mod, params] of [
        ["nothing", {}],
        ["echo", { n: "three" }],
      ] as const) {
        const { envelope } = await bench.run(mod, params);
        assert.equal(envelope.status === "error" && envelope.exit_code, 20, JSON.stringify(envelope));
      }
    }),
    check("a task whose time is up ends with 40", async (bench) => {
      const { envelope } = await bench.run("waits", { n: 60_000 }, { step: { timeoutMs: 200 } });
      assert.equal(envelope.status === "error" && envelope.exit_code, 40);
    }),
    check("a task that is canceled ends with the code of the reason", async (bench) => {
      for (const reason of [
        fault("DATAPY_CANCELED", { cause: "a test" }),
        fault("DATAPY_TIMEOUT", { mod: "job", limit: "1 s" }),
      ]) {
        const controller = new AbortController();
        setTimeout(() => controller.abort(reason), 300);
        const { envelope } = await bench.run("waits", { n: 60_000 }, {}, { signal: controller.signal });
        assert.equal(envelope.status === "error" && envelope.exit_code, reason.exitCode, JSON.stringify(envelope));
      }
    }),
    check("a task that was canceled before it began does not begin", async (bench) => {
      const reason: DatapyError = fault("DATAPY_CANCELED", { cause: "a test" });
      const { envelope } = await bench.run("table", { n: 1 }, {}, { signal: AbortSignal.abort(reason) });
      assert.equal(envelope.status === "error" && envelope.exit_code, 50);
    }),
    check("tasks run side by side, none waiting for another", async (bench) => {
      const controller = new AbortController();
      const long = bench.run("waits", { n: 60_000 }, { runSuffix: "0a1b2c3e" }, { signal: controller.signal });
      const { envelope } = await bench.run("echo", { n: 1 });
      assert.equal(envelope.status, "success");
      controller.abort(fault("DATAPY_CANCELED", { cause: "a test" }));
      assert.equal((await long).envelope.status, "error");
    }),
  ];
}

/** Compares as JSON: what came from elsewhere may be of another realm. */
function assertSame(value: unknown, expected: unknown): void {
  assert.equal(canonicalJson(value), canonicalJson(expected));
}

function metricsOf(envelope: Envelope): Readonly<Record<string, unknown>> {
  return envelope.status === "error" ? {} : envelope.metrics;
}

function artifactsOf(envelope: Envelope): Readonly<Record<string, string>> {
  return envelope.status === "error" ? {} : envelope.artifacts;
}

/** Parts of a task that a check sets. */
type TaskChanges = Partial<Omit<StepTask, "step">> & { readonly step?: Partial<StepTask["step"]> };

interface Bench {
  run(
    mod: string,
    params: Readonly<Record<string, unknown>>,
    changes?: TaskChanges,
    controls?: Partial<TaskControls>,
  ): Promise<TaskResult>;
  close(): Promise<void>;
}

async function openBench(engine: JobEngine, isolate: boolean): Promise<Bench> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "datapy-engine-"));
  for (const [name, body] of Object.entries(MODS)) writeFileSync(path.join(folder, `${name}.mjs`), modText(name, body));
  const file = path.join(folder, "job.yaml");
  writeFileSync(
    file,
    `globals: {configured: true}
steps:
- {id: plain, mod: ./echo.mjs}
- {id: before, mod: ./echo.mjs}
- {id: referring, mod: ./echo.mjs, params: {text: "\${mods.before.metrics.rows} rows"}}
`,
  );
  const masker = createMasker();
  const session = await openSession({
    name: "job",
    cwd: folder,
    configuration: { file: { path: file } },
    masker,
    logLevel: "error",
    progress: false,
  });
  const configuration = await loadConfiguration({
    cwd: folder,
    env: process.env,
    file: { path: file },
    references: { session: { id: session.id }, run: { date: session.runDate } },
    masker,
  });
  assert.ok(configuration instanceof ResolvedConfiguration);
  const open: OpenEngine = await engine.open(
    {
      session: {
        id: session.id,
        uuid: session.uuid,
        name: session.name,
        startedAt: session.startedAt.toISOString(),
        runDate: session.runDate,
        cwd: folder,
        workPath: session.workPath,
        logFile: session.log.file,
        logLevel: session.log.level,
      },
      configurations: { "": snapshotOf(configuration) },
    },
    { session, configuration: () => configuration, snapshot: () => snapshotOf(configuration) },
  );
  return {
    run(mod, params, changes = {}, controls = {}) {
      const { step, ...rest } = changes;
      const task: StepTask = {
        step: { mod: `./${mod}.mjs`, stepId: "plain", path: "plain", attempt: 1, params, ...step },
        scope: "",
        runSuffix: "0a1b2c3d",
        stepUuid: session.uuid,
        outcomes: {},
        added: {},
        bookmarks: {},
        isolate,
        memoryLimitBytes: null,
        cache: null,
        record: null,
        ...rest,
      };
      // As if it had come from far away.
      const traveled = JSON.parse(JSON.stringify(task)) as StepTask;
      return open.run(traveled, { signal: new AbortController().signal, shielded: false, graceMs: 2_000, ...controls });
    },
    async close() {
      await open.close();
      await session.close(0);
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

function modText(name: string, body: string): string {
  const params =
    name === "echo" || name === "table" || name === "waits"
      ? `{ n: Type.Integer({ default: 0 }), text: Type.Optional(Type.String()) }`
      : "{}";
  const artifacts = name === "table" ? `{ output_data: { kind: "table", description: "Rows" } }` : "{}";
  return `import { defineMod, Type, sql } from "@datapy/mod-kit";
export default defineMod({
  metadata: { name: "${name}", version: "1.2.3", description: "A mod for checks of engines" },
  params: Type.Object(${params}),
  artifacts: ${artifacts},
  async run(params, ctx) {
    ${body}
  },
});
`;
}
