import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** The command as users start it, compiled. */
export const DATAPY = path.resolve(__dirname, "../../bin/run.js");
/** Mods to run by their path. */
export const FIXTURE_MODS = path.resolve(__dirname, "../fixtures/mods");
const MOD_KIT = path.resolve(__dirname, "../../../mod-kit");

/** How an invocation ended. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Settings of one invocation. */
export interface Invocation {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Text for standard input; without it standard input is empty. `open`: nothing is written, and it does not end. */
  readonly stdin?: string | { readonly open: true };
}

/** An invocation that is under way. */
export interface Running {
  readonly process: ChildProcessWithoutNullStreams;
  /** Resolves when stderr has shown `text`; gives all of it so far. */
  shows(text: string): Promise<string>;
  readonly ended: Promise<Outcome>;
}

/** A package of mods to put into `node_modules`. */
export interface FixturePackage {
  readonly name: string;
  readonly packageJson?: Readonly<Record<string, unknown>>;
  readonly files: Readonly<Record<string, string>>;
}

/** A user's own world: an empty project, home and data directory. */
export class Workspace {
  readonly folder: string;
  readonly home: string;
  readonly dataDirectory: string;

  constructor() {
    const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), "datapy-cli-")));
    this.folder = path.join(root, "project");
    this.home = path.join(root, "home");
    this.dataDirectory = path.join(root, "data");
    for (const folder of [this.folder, this.home]) mkdirSync(folder, { recursive: true });
  }

  remove(): void {
    rmSync(path.dirname(this.folder), { recursive: true, force: true });
  }

  /** Writes a file of the project and gives its path. */
  write(name: string, text: string): string {
    const file = path.join(this.folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  /** Makes packages dependencies of the project, as `npm install` would. */
  addPackages(packages: readonly FixturePackage[]): void {
    const dependencies = Object.fromEntries(packages.map((one) => [one.name, "1.0.0"]));
    this.write("package.json", JSON.stringify({ name: "project", private: true, dependencies }));
    for (const { name, packageJson, files } of packages) {
      this.write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: "1.0.0", ...packageJson }));
      for (const [file, text] of Object.entries(files)) this.write(`node_modules/${name}/${file}`, text);
    }
    const scope = path.join(this.folder, "node_modules/@datapy");
    mkdirSync(scope, { recursive: true });
    symlinkSync(MOD_KIT, path.join(scope, "mod-kit"), "dir");
  }

  /** Starts `datapy ARGS`. */
  start(args: readonly string[], { cwd, env, stdin = "" }: Invocation = {}): Running {
    const child = spawn(process.execPath, [DATAPY, ...args], {
      cwd: cwd ?? this.folder,
      env: { ...this.environment(), ...env },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdin.on("error", () => undefined);
    if (typeof stdin === "string") child.stdin.end(stdin);
    const ended = new Promise<Outcome>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
    const shows = (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (stderr.includes(text)) resolve(stderr);
        };
        child.stderr.on("data", look);
        void ended.then(
          () =>
            stderr.includes(text) ? resolve(stderr) : reject(new Error(`ended without showing ${text}: ${stderr}`)),
          reject,
        );
        look();
      });
    return { process: child, shows, ended };
  }

  /** Runs `datapy ARGS` to its end. */
  run(args: readonly string[], invocation: Invocation = {}): Promise<Outcome> {
    return this.start(args, invocation).ended;
  }

  /** Nothing of the person who runs the tests, and nothing of jest. */
  environment(): NodeJS.ProcessEnv {
    const kept = ["PATH", "SystemRoot", "TEMP", "TMP", "TMPDIR", "LANG"];
    const inherited = Object.fromEntries(
      kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    );
    return { ...inherited, HOME: this.home, USERPROFILE: this.home, DATAPY_DATA_DIR: this.dataDirectory };
  }
}
