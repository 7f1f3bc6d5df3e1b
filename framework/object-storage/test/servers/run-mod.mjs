// A process that runs one mod: argv[2] is its entry, argv[3] the work path; parameters come as JSON by MOD_PARAMS. Prints the envelope.
import { runMod, setGlobalConfig } from "@datapy/sdk";

const [entry, work] = process.argv.slice(2);
setGlobalConfig({ work_path: work, log_level: "error" });
const envelope = await runMod(entry, JSON.parse(process.env.MOD_PARAMS));
process.stdout.write(`${JSON.stringify(envelope)}\n`);
process.exitCode = envelope.status === "error" ? envelope.exit_code : 0;
