// The documentation is true: every command of a `console` block is run, in order, and prints what the page says it prints; every file that
// a page shows by name is the one that the commands then use.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { createSandbox } from "./support/documentation-sandbox.js";
import { commandsOf, fences, shows } from "./support/documented-commands.js";

const root = path.resolve(__dirname, "../..");
const guide = readdirSync(path.join(root, "docs/guide"))
  .sort()
  .map((name) => `docs/guide/${name}`);
const projects = readdirSync(path.join(root, "projects"))
  .map((name) => `projects/${name}/README.md`)
  .filter((file) => existsSync(path.join(root, file)));
const plugins = readdirSync(path.join(root, "plugins"))
  .map((name) => `plugins/${name}/README.md`)
  .filter((file) => existsSync(path.join(root, file)));
const framework = readdirSync(path.join(root, "framework"))
  .map((name) => `framework/${name}/README.md`)
  .filter((file) => existsSync(path.join(root, file)));
/** Pages whose reader stands in a clone of the repository. */
const IN_A_CLONE = new Set(["README.md", ...projects]);
const pages = ["README.md", "CONTRIBUTING.md", "projects/DATA.md", ...guide, ...projects, ...framework, ...plugins];

const read = (page: string): string => readFileSync(path.join(root, page), "utf8");

const withCommands = pages.filter((page) => fences(read(page)).some((fence) => fence.language === "console"));

test.each(withCommands)("%s: its commands print what it says", (page) => {
  const sandbox = createSandbox({ clone: IN_A_CLONE.has(page) });
  try {
    for (const fence of fences(read(page))) {
      const file = /(?:^|\s)file=(\S+)/.exec(fence.info)?.[1];
      if (file !== undefined) sandbox.write(file, fence.text);
      if (fence.language !== "console") continue;
      for (const { command, output, line } of commandsOf(fence)) {
        const { printed } = sandbox.run(command);
        if (!shows(printed, output))
          throw new Error(`${page}:${line}: $ ${command}\n--- the page says\n${output}\n--- it printed\n${printed}`);
      }
    }
  } finally {
    sandbox.remove();
  }
});

/** Commands that other tests run: the demo, the test suite itself, packaging, .ci/run. */
const RUN_ELSEWHERE = [
  /^npm (run demo|test|ci|run (build|lint|format|types|docs|bench))\b/,
  /^npm (install|test) /,
  /^npx lerna /,
  /^bash \.ci\/run/,
  /^datapy plugins:install /,
  /^datapy run-mod \S+ -p params\.yaml$/,
  /^npm publish/,
];

test.each(pages)("%s: every other command is one that some test runs", (page) => {
  const commands = fences(read(page))
    .filter((fence) => fence.language === "sh")
    .flatMap((fence) => fence.text.split("\n"))
    .map((line) => line.replace(/\s+#.*$/, "").trim())
    .flatMap((line) => line.split(" && "))
    .filter((line) => line !== "");
  expect(commands.filter((command) => !RUN_ELSEWHERE.some((known) => known.test(command)))).toEqual([]);
});

test.each(pages)("%s: its links lead somewhere", (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map((match) => match[1]!);
  expect(links.filter((link) => !existsSync(path.resolve(root, path.dirname(page), link)))).toEqual([]);
});

test("the two commands stand at the top of the README", () => {
  const first = fences(read("README.md"))[0]!;
  expect(first.language).toBe("sh");
  expect(first.text).toMatch(/npm run demo[^]*npm test/);
  expect(first.line).toBeLessThan(12);
});
