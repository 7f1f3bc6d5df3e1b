import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { runMod, setGlobalConfig } from "@datapy/sdk";
import { MOD } from "./support/read-table.js";

test("a header that nothing tells from the rows is named in the log, any other is not", async () => {
  const work = mkdtempSync(path.join(os.tmpdir(), "datapy-csv-header-"));
  try {
    setGlobalConfig({ work_path: work, log_level: "info" });
    for (const [name, text] of [
      ["all-text", "Ada,Lovelace\nGrace,Hopper\n"],
      ["typed", "name,born\nAda,1815\nGrace,1906\n"],
      ["declared", "Ada,Lovelace\nGrace,Hopper\n"],
    ] as const) {
      const file = path.join(work, `${name}.csv`);
      writeFileSync(file, text);
      const { status } = await runMod(MOD, { input_path: file, ...(name === "declared" ? { header: true } : {}) });
      expect(status).toBe("success");
    }
    const { logs } = await runMod(MOD, { input_path: path.join(work, "typed.csv") });
    const told = readFileSync(logs.log_file, "utf8")
      .split("\n")
      .filter((line) => line.includes("the first line is taken for the header"));
    expect(told).toEqual([expect.stringContaining(path.join(work, "all-text.csv"))]);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});
