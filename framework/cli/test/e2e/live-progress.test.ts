// What a person sees on a terminal while a mod or a job runs: a real pseudo-terminal, the command as users start it.
import path from "node:path";
import { onScreen } from "../../../sdk/test/progress/screen.js";
import type { ScreenResult } from "../../../sdk/test/progress/screen.js";
import { DATAPY, Workspace } from "../support/workspace.js";

let workspace: Workspace;

beforeAll(() => {
  workspace = new Workspace();
  // It goes on until its live line has been drawn several times: what is counted is time that has passed in this process.
  workspace.write(
    "counts.mjs",
    `import { setTimeout as pause } from "node:timers/promises";
import { defineMod, Type } from "@datapy/mod-kit";
export default defineMod({
  metadata: { name: "counts", version: "1.0.0", description: "Counts rows and bytes, and says so" },
  params: Type.Object({}),
  async run(params, ctx) {
    for (let n = 1; n <= 60; n += 1) {
      await pause(25);
      ctx.progress(n * 1000, 60000, "rows");
      ctx.progress(n * 4096, undefined, "bytes");
      if (n % 20 === 0) ctx.log.info("line " + n + " of the log");
    }
    return ctx.result.success();
  },
});
`,
  );
  workspace.write("both.yaml", "steps:\n  - { id: left, mod: ./counts.mjs }\n  - { id: right, mod: ./counts.mjs }\n");
});
afterAll(() => workspace.remove());

function run(columns: number, args: readonly string[], env: Record<string, string> = {}): Promise<ScreenResult> {
  return onScreen([process.execPath, DATAPY, ...args], {
    columns,
    rows: 60,
    cwd: workspace.folder,
    env: { HOME: workspace.home, DATAPY_DATA_DIR: workspace.dataDirectory, ...env },
  });
}

const LIVE = {
  wide: /^counts {2}[\d,]+ of 60,000 rows \(\d+ %\), [\d,]+ rows\/s {2}[\d.]+ KiB, [\d.]+ KiB\/s {2}\d+ s(?:, \d+ s left)?$/,
  usual: /^counts {2}\d+ %, [\d,]+ rows\/s {2}[\d.]+ KiB, [\d.]+ KiB\/s {2}\d+ s(?:, \d+ s left)?$/,
  narrow: /^counts {2}\d+ % {2}[\d.]+ KiB {2}\d+ s(?:, \d+ s left)?$/,
};

/** Live lines have the screen's last places to themselves, and nothing of them is left at the end. */
function expectClean(screen: ScreenResult, label: RegExp, most: number): void {
  for (const lines of screen.moments) {
    const places = lines.flatMap((line, at) => (label.test(line) ? [at] : []));
    expect(places.length).toBeLessThanOrEqual(most);
    for (const place of places) expect(place).toBeGreaterThanOrEqual(lines.length - places.length);
  }
  expect(screen.lines.filter((line) => label.test(line))).toEqual([]);
}

test.each([
  [200, LIVE.wide],
  [80, LIVE.usual],
  [40, LIVE.narrow],
] as const)(
  "run-mod shows one live line that fits %i columns, and leaves whole log lines and the envelope",
  async (columns, line) => {
    const screen = await run(columns, ["run-mod", path.join(workspace.folder, "counts.mjs")], { NO_COLOR: "1" });
    expect(screen.exitCode).toBe(0);
    expect(screen.moments.filter((lines) => line.test(lines.at(-1) ?? "")).length).toBeGreaterThan(3);
    expectClean(screen, /^counts {2}/, 1);
    // Long log lines are wrapped by the terminal, never torn by a live line.
    const all = screen.lines.map((text) => text.padEnd(columns)).join("");
    for (const n of [20, 40, 60]) expect(all.split(`line ${n} of the log`)).toHaveLength(2);
    const text = screen.raw.slice(screen.raw.indexOf('{\r\n  "status"')).replaceAll("\r\n", "\n");
    expect(JSON.parse(text)).toMatchObject({ status: "success", metrics: {} });

    expect(screen.raw).not.toMatch(/\u001b\[[\d;]*m/);
  },
);

test("run-job shows a line for each step that runs, with colours in the log", async () => {
  const screen = await run(100, ["run-job", "both.yaml", "--max-parallel", "2"]);
  expect(screen.exitCode).toBe(0);
  const live = /^(?:left|right) {2}\d/;
  const both = screen.moments.filter((lines) => live.test(lines.at(-2) ?? "") && live.test(lines.at(-1) ?? ""));
  expect(both.length).toBeGreaterThan(3);
  expectClean(screen, live, 2);

  expect(screen.raw).toMatch(/\u001b\[[\d;]*mINFO/);
});

test("a terminal that does not know its size is taken for one of 80 columns", async () => {
  // Such is a pseudo-terminal that nobody has given a size, as by `script` under cron.
  const command = `stty rows 0 cols 0; exec "${process.execPath}" "${DATAPY}" run-job both.yaml --dry-run`;
  const screen = await onScreen(["sh", "-c", command], {
    columns: 200,
    cwd: workspace.folder,
    env: { HOME: workspace.home, DATAPY_DATA_DIR: workspace.dataDirectory, NO_COLOR: "1" },
  });
  expect(screen.exitCode).toBe(0);
  expect(screen.lines).toContainEqual(expect.stringMatching(/^STAGE {2}STEP {3}RUNS/));
  expect(screen.lines).toContainEqual(expect.stringMatching(/^ {4}1 {2}left {3}counts 1\.0\.0/));
});
