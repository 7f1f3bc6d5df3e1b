/** The process that a suite ends: waits for a job on its standard input, runs it, prints the envelope. */
import { promises } from "node:fs";
import path from "node:path";
import { moment, planMoments } from "./moments.js";
import type { ChildJob } from "./killable-runs.js";

// What the host makes it gives its final name by a rename, whatever the mod is: a moment before and after each.
const { rename } = promises;
promises.rename = async (from, to) => {
  const kind = path.extname(String(to)) || "file";
  moment(`before rename ${kind}`);
  await rename(from, to);
  moment(`after rename ${kind}`);
};

async function main(): Promise<void> {
  const { openSession, runStep } = await import("@datapy/sdk");
  let text = "";
  for await (const chunk of process.stdin) text += String(chunk);
  if (text === "") return;
  const { mod, params, runSuffix, workPath, cwd, plan } = JSON.parse(text) as ChildJob;
  planMoments(plan);
  const session = await openSession({
    name: "testkit",
    cwd,
    globals: { work_path: workPath, log_level: "error" },
    progress: false,
  });
  const envelope = await runStep(session, { mod, params }, { runSuffix });
  await session.close(envelope.status === "error" ? envelope.exit_code : 0);
  process.stdout.write(`${JSON.stringify(envelope)}\n`);
  process.exitCode = envelope.status === "error" ? envelope.exit_code : 0;
}

void main();
