import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { JobHost } from "./job-host.js";
import type { AnyJobEnvelope } from "./job-host.js";

/** What a job left behind, told so that two sessions can be compared: nothing in it depends on ids or times. */
export interface FinalState {
  readonly steps: readonly string[];
  /** Rows of every artifact, by its step. */
  readonly artifacts: Readonly<Record<string, readonly string[]>>;
  /** Rows of the target, which is appended to. */
  readonly target: readonly string[];
  /** Steps that the ledger has as done, and how often. */
  readonly completed: Readonly<Record<string, number>>;
  readonly bookmarks: unknown;
}

/**
 * A job of twenty steps: a source with a bookmark, a fan of tables made from each other, and sinks that append to one target each in a way
 * that is harmless when the same run is done again, as every sink has to be.
 */
export class KillHost extends JobHost {
  constructor() {
    super();
    this.mod(
      "source",
      `const from = Number((await ctx.state.get("at")) ?? 0);
    await ctx.data.writeTable("output_data", sql\`select i + \${from} as id from range(5) t(i)\`);
    ctx.state.set("at", from + 5);
    return ctx.result.success();`,
      { artifacts: `{ output_data: { kind: "table", description: "Rows" } }` },
    );
    this.mod(
      "add",
      `await ctx.data.writeTable("output_data", sql\`select id + \${params.by} as id from \${table(params.input_artifact)}\`);
    ctx.result.addGlobal("last_" + params.by, params.by);
    return ctx.result.success();`,
      {
        params: `{ input_artifact: Type.String(), by: Type.Integer() }`,
        artifacts: `{ output_data: { kind: "table", description: "Rows" } }`,
      },
    );
    // Appends a load of lines under the run's id: what is there already is not added again.
    this.mod(
      "sink",
      `const { appendFileSync, existsSync, readFileSync } = await import("node:fs");
    const rows = await ctx.data.query(sql\`select id from \${table(params.input_artifact)} order by id\`);
    const file = "target-" + params.name + ".txt";
    const loads = existsSync(file) ? readFileSync(file, "utf8").trim().split("\\n").map((line) => JSON.parse(line).load) : [];
    if (!loads.includes(ctx.runId)) appendFileSync(file, JSON.stringify({ load: ctx.runId, rows: rows.map((row) => Number(row.id)) }) + "\\n");
    return ctx.result.success();`,
      { params: `{ input_artifact: Type.String(), name: Type.String() }` },
    );
    this.file("job.yaml", JOB);
  }

  /** What there is after a job whose envelope this is. */
  async finalState(envelope: AnyJobEnvelope): Promise<FinalState> {
    const artifacts: Record<string, string[]> = {};
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    try {
      for (const [key, file] of Object.entries(envelope.artifacts)) {
        const rows = await connection.runAndReadAll(
          `select id from read_parquet('${file.replaceAll("'", "''")}') order by id`,
        );
        artifacts[key] = rows.getRows().map((row) => String(row[0]));
      }
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
    const targets = this.files(".").filter((file) => /^target-.*\.txt$/.test(file));
    const state = path.join(this.path, ".datapy/state/_/source.json");
    return {
      steps: envelope.steps.map(({ step, status }) => `${step}: ${status}`).sort(),
      artifacts,
      target: targets.flatMap((file) =>
        this.text(file)
          .trim()
          .split("\n")
          .map((line) => `${file}: ${JSON.stringify((JSON.parse(line) as { rows: unknown }).rows)}`),
      ),
      completed: this.#completed(envelope.logs.session_id),
      bookmarks: existsSync(state) ? (JSON.parse(readFileSync(state, "utf8")) as unknown) : undefined,
    };
  }

  #completed(sessionId: string): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const event of this.ledger()) {
      const { run, eventType } = event as {
        eventType: string;
        run: { facets: { datapy: { run_id?: string; step?: string; session_id: string } } };
      };
      const { run_id: runId, step = "", session_id: session } = run.facets.datapy;
      if (runId !== undefined && eventType === "COMPLETE" && session === sessionId)
        counts[step] = (counts[step] ?? 0) + 1;
    }
    return counts;
  }
}

const add = (id: string, from: string, by: number): string =>
  `- {id: ${id}, mod: ./add.mjs, params: {input_artifact: "\${mods.${from}.artifacts.output_data}", by: ${by}}}\n`;
const sink = (from: string): string =>
  `- {id: load_${from}, mod: ./sink.mjs, params: {input_artifact: "\${mods.${from}.artifacts.output_data}", name: ${from}}}\n`;

const JOB = `max_parallel: 3
steps:
- {id: source, mod: ./source.mjs}
${[1, 2, 3, 4, 5, 6].map((n) => add(`one_${n}`, "source", n)).join("")}${[1, 2, 3, 4, 5, 6].map((n) => add(`two_${n}`, `one_${n}`, n * 10)).join("")}${add("three", "two_1", 100)}${["two_1", "two_2", "two_3", "two_4", "two_5", "three"].map(sink).join("")}`;
