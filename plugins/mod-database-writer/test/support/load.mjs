// A loader's process: runs the writer with the parameters in LOAD_PARAMS, prints its envelope.
import "./kill-at.mjs";
import { runMod, setGlobalConfig } from "@datapy/sdk";

setGlobalConfig({ work_path: process.env.LOAD_WORK, log_level: "error" });
const envelope = await runMod(process.env.LOAD_MOD, JSON.parse(process.env.LOAD_PARAMS));
process.stdout.write(`${JSON.stringify(envelope)}\n`);
process.exitCode = envelope.status === "error" ? envelope.exit_code : 0;
