import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { makePipe, openPipeSource, preparePipeSink } from "../src/named-pipe.js";

let folder: string;
let pipe: string;

beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), "datapy-pipe-"));
  pipe = path.join(folder, "pipe");
  await makePipe(pipe);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A process that opens the pipe as DuckDB does: it waits for the other end. */
function peer(command: string): { readonly child: ChildProcess; readonly ended: Promise<unknown> } {
  const child = spawn("sh", ["-c", command, "sh", pipe], { stdio: "ignore" });
  return { child, ended: once(child, "exit") };
}

describe("a pipe that is read from lets its writer go", () => {
  test("when the writer opens it only afterwards", async () => {
    const source = openPipeSource(pipe);
    const late = peer('sleep 0.2; exec cat /dev/zero > "$1"');
    await source.release(late.ended);
    expect(late.child.exitCode ?? late.child.signalCode).not.toBe(0);
  });

  test("when it waits for room", async () => {
    const source = openPipeSource(pipe);
    const writer = peer('exec cat /dev/zero > "$1"');
    await once(source.stream, "data");
    source.stream.pause();
    await source.release(writer.ended);
    expect(writer.child.exitCode ?? writer.child.signalCode).not.toBe(0);
  });
});

describe("a pipe that is written to lets its reader go", () => {
  test("when the reader waits for a writer, and when it comes afterwards", async () => {
    const sink = preparePipeSink(pipe);
    const waiting = peer('exec cat "$1"');
    // Nothing tells from outside that a process waits in open(2).
    await new Promise((resolve) => setTimeout(resolve, 200));
    sink.destroy();
    await waiting.ended;
    expect(waiting.child.exitCode).not.toBeNull();
    expect(existsSync(pipe)).toBe(false);
    const late = peer('exec cat "$1"');
    await late.ended;
    expect(late.child.exitCode).toBe(1);
  });

  test("opening it fails once it was closed", async () => {
    const sink = preparePipeSink(pipe);
    sink.destroy();
    await expect(sink.open()).rejects.toThrow("closed before it was read");
  });
});
