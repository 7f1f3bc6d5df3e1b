// A running script that is ended at twenty moments: whatever the moment, the code is right, what is written is whole, nothing is left.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Envelope } from "@datapy/mod-kit";
import { Workspace } from "../support/workspace.js";

/** Writes a table, logs, and leaves a child behind; says when it begins. */
const BUSY = `
import { spawn } from "node:child_process";
import { defineMod, sql, Type } from "@datapy/mod-kit";
export default defineMod({
  metadata: { name: "busy", version: "1.0.0", description: "Writes a table, and leaves a child behind" },
  params: Type.Object({ round: Type.Integer() }),
  artifacts: { output_data: { kind: "table", description: "Rows" } },
  async run({ round }, ctx) {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    process.stderr.write("round " + round + " pids " + process.pid + " " + child.pid + "\\n");
    for (let line = 0; line < 50; line++) ctx.log.info("line " + line, { filler: "x".repeat(line * 20) });
    await ctx.data.writeTable("output_data", sql\`select range as id, md5(range::varchar) as text from range(300000)\`);
    return ctx.result.success();
  },
});
`;

/** Never ends by itself, so that every signal finds it running. */
const SCRIPT = `
import { runMod } from "@datapy/sdk";
for (let round = 1; ; round++) await runMod("./busy.mjs", { round });
`;

/** Numbers that look random and are the same in every run of the test. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Files below a folder; those that are being removed at this moment do not count. */
function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name));
  } catch {
    return filesBelow(folder);
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !(existsSync(`/proc/${pid}/stat`) && readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z "));
  } catch {
    return false;
  }
}

/** What `found` still gives after as much time as a slow machine may need. */
async function leftOf<Item>(found: () => Item[]): Promise<Item[]> {
  for (let tries = 0; tries < 200 && found().length > 0; tries++) await sleep(50);
  return found();
}

type Ending = "SIGTERM" | "SIGINT twice" | "SIGKILL";

async function endOnce(ending: Ending, random: () => number): Promise<void> {
  const workspace = new Workspace();
  try {
    workspace.write("busy.mjs", BUSY);
    workspace.write("flow.mjs", SCRIPT);
    const temporary = path.dirname(workspace.write("temporary/.keep", ""));
    const running = workspace.start(["run-script", "flow.mjs"], { env: { TMPDIR: temporary } });
    // Either somewhere in its start, or somewhere in one of its runs.
    const round = Math.floor(random() * 4);
    if (round > 0) await running.shows(`round ${round} pids`);
    await sleep(random() * (round === 0 ? 600 : 150));
    running.process.kill(ending === "SIGINT twice" ? "SIGINT" : ending);
    if (ending === "SIGINT twice") {
      // While it drains: what has ended by then is no longer there to be told.
      await sleep(random() * 25);
      running.process.kill("SIGINT");
    }
    const outcome = await running.ended;
    const moment = { ending, round };

    if (ending === "SIGKILL") expect({ ...moment, stdout: outcome.stdout }).toEqual({ ...moment, stdout: "" });
    // Before Node has read the first line of the program, nothing can catch a signal.
    else if (outcome.signal === null || round > 0) {
      expect({ ...moment, code: outcome.code, signal: outcome.signal }).toEqual({ ...moment, code: 50, signal: null });
      expect(outcome.stdout.trimEnd().split("\n")).toHaveLength(1);
      const envelope = JSON.parse(outcome.stdout) as Envelope & { runs: unknown[] };
      expect(envelope).toMatchObject({ status: "error", exit_code: 50, runs: expect.any(Array) });
      if (round > 0) expect(envelope.runs.length).toBeGreaterThanOrEqual(round);
    }

    const pids = [...outcome.stderr.matchAll(/pids (\d+) (\d+)/g)].flatMap(([, own, child]) => [+own!, +child!]);
    expect({ ...moment, pids: await leftOf(() => pids.filter(isThere)) }).toEqual({ ...moment, pids: [] });
    const work = path.join(workspace.folder, ".datapy");
    const stray = (): string[] => [
      ...filesBelow(path.join(work, "tmp")),
      ...filesBelow(temporary).filter((file) => !file.endsWith(".keep")),
    ];
    expect({ ...moment, stray: await leftOf(stray) }).toEqual({ ...moment, stray: [] });

    for (const file of filesBelow(path.join(work, "logs"))) {
      const text = readFileSync(file, "utf8");
      expect(text.endsWith("\n")).toBe(true);
      for (const line of text.trimEnd().split("\n")) expect(() => JSON.parse(line) as unknown).not.toThrow();
    }
    // A table under its final name is whole.
    for (const file of filesBelow(path.join(work, "artifacts")))
      expect({ file, end: readFileSync(file).subarray(-4).toString() }).toEqual({ file, end: "PAR1" });
    if (round > 0) {
      const runs = await workspace.run(["runs", "--json"]);
      expect(runs.code).toBe(0);
      expect((JSON.parse(runs.stdout) as unknown[]).length).toBeGreaterThanOrEqual(round);
    }
  } finally {
    workspace.remove();
  }
}

test.each<[Ending, number]>([
  ["SIGTERM", 7],
  ["SIGINT twice", 7],
  ["SIGKILL", 6],
])(
  "%s at %d moments: right code, whole envelope, whole log lines, no process, no temporary file",
  async (ending, times) => {
    const random = sequence(ending.length);
    const moments = Array.from({ length: times }, () => sequence(Math.floor(random() * 2 ** 32)));
    // A few at a time: most of it is waiting.
    while (moments.length > 0) await Promise.all(moments.splice(0, 4).map((moment) => endOnce(ending, moment)));
  },
);
