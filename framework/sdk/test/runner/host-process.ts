import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Envelope } from "@datapy/mod-kit";
import type { RunnerRequest, RunSummary } from "../../src/runner/runner-protocol.js";

/** How a process ended and what it wrote. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process on its way. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;
  /** Resolves when stderr holds `text`; gives all of stderr so far. */
  shows(text: string): Promise<string>;
}

type Request = Partial<RunnerRequest> & Pick<RunnerRequest, "kind">;

/** A folder with mods and scripts, and processes that run in it. */
export class HostFolder {
  readonly path = realpathSync(mkdtempSync(path.join(os.tmpdir(), "datapy-host-")));
  readonly #running: ChildProcess[] = [];

  /** Writes a mod whose `run` has `body`; gives its path. `head` stands before `defineMod`. */
  mod(
    name: string,
    body: string,
    options: { readonly head?: string; readonly params?: string; readonly artifacts?: string } = {},
  ): string {
    const { head = "", params = "{}", artifacts = "{}" } = options;
    return this.file(
      `${name}.mjs`,
      `import { defineMod, Type, sql, table } from "@datapy/mod-kit";
${head}
export default defineMod({
  metadata: { name: "${name}", version: "1.2.3", description: "a mod for a test" },
  params: Type.Object(${params}),
  artifacts: ${artifacts},
  async run(params, ctx) {
    ${body}
  },
});
`,
    );
  }

  file(name: string, text: string): string {
    const file = path.join(this.path, name);
    writeFileSync(file, text);
    return file;
  }

  /** Runs a request through `fixtures/host.mjs`. */
  request(request: Request, env: Readonly<Record<string, string>> = {}): Running {
    const whole = { cwd: this.path, configuration: {}, ...request };
    return this.start([path.join(__dirname, "fixtures/host.mjs"), JSON.stringify(whole)], env);
  }

  runMod(
    reference: string,
    more: Partial<Omit<Extract<RunnerRequest, { kind: "run-mod" }>, "kind">> = {},
    env: Readonly<Record<string, string>> = {},
  ): Running {
    return this.request({ kind: "run-mod", reference, ...more }, env);
  }

  runScript(
    script: string,
    more: Partial<Omit<Extract<RunnerRequest, { kind: "run-script" }>, "kind">> = {},
    env: Readonly<Record<string, string>> = {},
  ): Running {
    return this.request({ kind: "run-script", script, arguments: [], ...more }, env);
  }

  /** Starts Node with `args` in the folder. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const child = spawn(process.execPath, args, {
      cwd: this.path,
      env: { ...process.env, NODE_OPTIONS: "", DATAPY_DATA_DIR: path.join(this.path, "data"), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#running.push(child);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const ended = new Promise<Outcome>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
    return {
      child,
      ended,
      shows: (text) =>
        new Promise((resolve, reject) => {
          const look = (): void => {
            if (stderr.includes(text)) resolve(stderr);
          };
          look();
          child.stderr.on("data", look);
          void ended.then(() => reject(new Error(`ended without showing ${text}: ${stdout}${stderr}`)));
        }),
    };
  }

  /** Lets plain `node` find the packages, as an installation does. */
  linkPackages(): void {
    const scope = path.join(this.path, "node_modules/@datapy");
    mkdirSync(scope, { recursive: true });
    for (const name of ["sdk", "mod-kit"])
      symlinkSync(path.resolve(__dirname, "../../..", name), path.join(scope, name));
  }

  /** Contents of a file; nothing where there is none. */
  text(name: string): string {
    const file = path.join(this.path, name);
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  /** Lines of the only log file. */
  log(): readonly Readonly<Record<string, unknown>>[] {
    const folder = path.join(this.path, ".datapy/logs");
    const [name] = readdirSync(folder);
    return readFileSync(path.join(folder, name ?? ""), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Events of the only ledger. */
  ledger(): readonly Readonly<Record<string, unknown>>[] {
    const files = this.files(".datapy/runs").filter((name) => name.endsWith(".ndjson"));
    return files
      .flatMap((name) =>
        readFileSync(path.join(this.path, ".datapy/runs", name), "utf8")
          .trimEnd()
          .split("\n"),
      )
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Files below a folder, relative to it. */
  files(folder: string): string[] {
    const whole = path.join(this.path, folder);
    if (!existsSync(whole)) return [];
    return readdirSync(whole, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(whole, path.join(entry.parentPath, entry.name)))
      .sort();
  }

  /** Waits until a file of that name is somewhere below a folder. */
  async hasFile(folder: string, name: string): Promise<void> {
    while (!this.files(folder).some((file) => path.basename(file) === name)) await sleep(20);
  }

  remove(): void {
    for (const child of this.#running) child.kill("SIGKILL");
    rmSync(this.path, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** The one envelope on stdout; that of a script has `runs`. */
export function envelopeOf(outcome: Outcome): Envelope & { readonly runs?: readonly RunSummary[] } {
  const lines = outcome.stdout.split("\n").filter((line) => line !== "");
  if (lines.length !== 1)
    throw new Error(`not one line on stdout: ${outcome.stdout.slice(0, 500)} ${outcome.stderr.slice(0, 2000)}`);
  return JSON.parse(lines[0] ?? "") as Envelope;
}

/** Number after `word` in a text, such as a process id. */
export function numberAfter(word: string, text: string): number {
  return Number(new RegExp(`${word} (\\d+)`).exec(text)?.[1]);
}

/** Whether a process is gone, or goes within ten seconds. */
export async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 100; tries++) {
    try {
      process.kill(pid, 0);
      if (readFileSync(`/proc/${String(pid)}/stat`, "utf8").includes(") Z ")) return true;
    } catch {
      return true;
    }
    await sleep(100);
  }
  return false;
}
