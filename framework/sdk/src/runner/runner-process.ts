/**
 * The process in which mods and scripts run. It is started by `startRunner` before the command line is read, loads the road while it
 * waits, takes one request over its channel, and answers with one result.
 */
import { statSync } from "node:fs";
import path from "node:path";
import { loadBundle } from "./load-bundle.js";
import { acceptSignals, onMessage, onParentGone } from "./runner-channel.js";

type Service = typeof import("./runner-service.js");

// First of all: from here on a signal cancels instead of ending the process without an envelope.
const channel = onMessage();
acceptSignals(channel);
onParentGone(channel);
// Loaded now, while the parent still reads its command line.
const road = loadService();
road.service.serve(channel, road.saveCompiledCode);

/** The road as one file, where the build has made it since the last compilation; else as it was compiled. */
function loadService(): { readonly service: Service; readonly saveCompiledCode: () => void } {
  const bundle = path.join(__dirname, "runner-bundle.js");
  const bundled = changedAt(bundle);
  const compiled = changedAt(path.join(__dirname, "../.tsbuildinfo"));
  if (bundled !== undefined && bundled >= (compiled ?? 0)) {
    const { exports, saveCompiledCode } = loadBundle(bundle);
    return { service: exports as Service, saveCompiledCode };
  }
  // An import would be hoisted above what stands before.
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- see above
  return { service: require("./runner-service.js") as Service, saveCompiledCode: () => undefined };
}

function changedAt(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}
