// One side of a comparison, in a process of its own: runs a database mod and prints seconds and peak memory as JSON.
import { runMod, setGlobalConfig } from "@datapy/sdk";

const [mod, workPath, parameters] = process.argv.slice(2);
setGlobalConfig({ work_path: workPath, log_level: "error" });
const envelope = await runMod(mod, JSON.parse(parameters));
if (envelope.status === "error") throw new Error(envelope.errors.join("\n"));
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
console.log(
  JSON.stringify({
    peak_mib: Math.round(maxRSS / 1024),
    rows: envelope.metrics.rows_output,
    cpu_seconds: Math.round((userCPUTime + systemCPUTime) / 10_000) / 100,
  }),
);
