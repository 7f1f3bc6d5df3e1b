import "./web-assembly.js";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { Worker } from "node:worker_threads";
import type { PieceSeen, ScanSpec } from "./scan-types.js";
import type { WorkerOrder } from "./scan-worker.js";

interface Answer {
  readonly id: number;
  readonly seen: PieceSeen;
}

interface Member {
  readonly worker: Worker;
  waiting: { resolve: (seen: PieceSeen) => void; reject: (error: Error) => void } | undefined;
}

/** The compiled scanner and the threads that run it. Threads start at the first large file and end with `close`. */
export class ScanPool {
  #module: WebAssembly.Module | undefined;
  #members: Member[] = [];

  get module(): WebAssembly.Module {
    this.#module ??= new WebAssembly.Module(readFileSync(path.join(__dirname, "scanner.wasm")));
    return this.#module;
  }

  /** Starts the threads, so that they are ready by the time that a file is. */
  start(): void {
    if (this.#members.length > 0) return;
    const count = Math.min(4, Math.max(1, availableParallelism()));
    this.#members = Array.from({ length: count }, () => this.#start());
  }

  /** Opens a file in every thread; gives the number of threads. */
  open(file: string, spec: ScanSpec): number {
    this.start();
    const order: WorkerOrder = { order: "open", module: this.module, path: file, spec };
    for (const member of this.#members) member.worker.postMessage(order);
    return this.#members.length;
  }

  /** Scans a piece in thread number `index`, which must be idle. */
  scan(index: number, piece: Omit<Extract<WorkerOrder, { order: "scan" }>, "order" | "id">): Promise<PieceSeen> {
    const member = this.#members[index];
    if (member === undefined) throw new RangeError(`no scan thread ${index}`);
    return new Promise((resolve, reject) => {
      member.waiting = { resolve, reject };
      member.worker.postMessage({ order: "scan", id: index, ...piece } satisfies WorkerOrder);
    });
  }

  async close(): Promise<void> {
    const members = this.#members;
    this.#members = [];
    await Promise.all(members.map((member) => member.worker.terminate()));
  }

  #start(): Member {
    const worker = new Worker(path.join(__dirname, "scan-worker.js"));
    const member: Member = { worker, waiting: undefined };
    const fail = (error: Error): void => {
      const waiting = member.waiting;
      member.waiting = undefined;
      waiting?.reject(error);
    };
    worker.on("message", (answer: Answer) => {
      const waiting = member.waiting;
      member.waiting = undefined;
      waiting?.resolve(answer.seen);
    });
    worker.on("error", fail);
    worker.on("exit", () => fail(new Error("a scan thread ended before its work did")));
    return member;
  }
}
