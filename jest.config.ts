/**
 * One project a package, so that `npx jest --selectProjects mod-kit` runs one package's tests. Packages are found by their `test`
 * folder; nothing has to be listed here.
 *
 * @jest-config-loader ts-node
 * @jest-config-loader-options {"transpileOnly": true}
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "jest";

type ProjectConfig = Exclude<NonNullable<Config["projects"]>[number], string>;

const root = __dirname;

function project(displayName: string, folder: string): ProjectConfig {
  return {
    displayName,
    rootDir: root,
    roots: [join(root, folder)],
    testMatch: ["**/*.test.ts"],
    testPathIgnorePatterns: ["/node_modules/", "/fixtures/", "/samples/"],
    modulePathIgnorePatterns: ["/fixtures/", "/samples/"],
    testEnvironment: "node",
    transform: { "\\.[cm]?tsx?$": ["ts-jest", { tsconfig: join(root, "tsconfig.jest.json") }] },
    moduleFileExtensions: ["ts", "tsx", "mts", "cts", "js", "mjs", "cjs", "json", "node"],
    resolver: join(root, "test/support/jest-resolver.cjs"),
    setupFilesAfterEnv: [join(root, "test/support/jest-setup.cjs")],
  };
}

const projects: ProjectConfig[] = [];
for (const group of ["framework", "plugins"]) {
  for (const name of readdirSync(join(root, group)).sort()) {
    const folder = join(group, name, "test");
    if (existsSync(join(root, folder))) projects.push(project(name, folder));
  }
}
for (const name of readdirSync(join(root, "test")).sort()) {
  if (name !== "support") projects.push(project(name, join("test", name)));
}

const config: Config = {
  projects,
  // Two at once also on one core: most tests wait for processes, not for this one.
  maxWorkers: Math.max(2, Math.min(4, Number(process.env["DATAPY_TEST_WORKERS"]) || 2)),
  // A test starts real processes and servers; a slow machine is no failure.
  testTimeout: 120_000,
  workerIdleMemoryLimit: "1GB",
};

export default config;
