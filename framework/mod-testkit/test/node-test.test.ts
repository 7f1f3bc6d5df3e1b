import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

test("the suite runs under node:test as well", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "datapy-node-test-"));
  try {
    const root = path.resolve(__dirname, "..", "..", "..");
    const file = path.join(folder, "conformance.test.cjs");
    writeFileSync(
      file,
      `const { testMod } = require(${JSON.stringify(path.join(root, "framework", "mod-testkit"))});
       testMod(${JSON.stringify(path.join(root, "plugins", "mod-validator"))}, { samples: false });`,
    );
    const done = spawnSync(process.execPath, ["--test", "--test-reporter=tap", file], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    expect({ status: done.status, output: done.status === 0 ? "" : done.stdout }).toEqual({ status: 0, output: "" });
    expect(done.stdout).toContain("the manifest is up to date");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
