import "./web-assembly.js";
import { closeSync, openSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { ScanEngine } from "./scan-engine.js";
import type { ScanSpec } from "./scan-types.js";

/** Orders to a worker: open a file, or scan a piece of the open one. */
export type WorkerOrder =
  | { readonly order: "open"; readonly module: WebAssembly.Module; readonly path: string; readonly spec: ScanSpec }
  | {
      readonly order: "scan";
      readonly id: number;
      readonly from: number;
      readonly until: number;
      readonly size: number;
      readonly aligned: boolean;
    };

let engine: ScanEngine | undefined;
let file = -1;

parentPort?.on("message", (message: WorkerOrder) => {
  if (message.order === "open") {
    if (file >= 0) closeSync(file);
    file = openSync(message.path, "r");
    engine = new ScanEngine(message.module, message.spec);
    return;
  }
  if (engine === undefined) throw new Error("the scan worker was given a piece before a file");
  const seen = engine.scan(file, message.from, message.until, message.size, message.aligned);
  parentPort?.postMessage(
    { id: message.id, seen },
    seen.output.map((part) => part.buffer as ArrayBuffer),
  );
});
