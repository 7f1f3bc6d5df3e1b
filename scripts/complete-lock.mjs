// Completes package-lock.json with the optional packages of other systems (the native parts for macOS, Windows, …). npm leaves them out when
// the registry at hand does not have them, or when it finds an installation for one system only; `npm ci` would then fail, or install nothing
// native, elsewhere. Run it after `npm install`; with --check it only says whether something is missing.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ScriptError, main, root } from "./workspace.mjs";

const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const PROCESSORS = ["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"];
const LIBRARIES = { gnu: "glibc", gnueabihf: "glibc", musl: "musl", musleabihf: "musl" };

/** System, processor and C library that the name of a native package tells: `@duckdb/node-bindings-linux-arm64-musl`. */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const [os, cpu] = [SYSTEMS, PROCESSORS].map((known) => words.find((word) => known.includes(word)));
  if (cpu === undefined || (os === undefined && cpu !== "wasm32")) return undefined;
  const libc = LIBRARIES[words.at(-1)];
  return { cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }), ...(os === undefined ? {} : { os: [os] }) };
}

/** Places in which npm looks for a package that `place` depends on, nearest first. */
function* placesFor(place, name) {
  for (let at = place; ; at = at.slice(0, Math.max(0, at.lastIndexOf("node_modules/"))).replace(/\/$/, "")) {
    yield `${at === "" ? "" : `${at}/`}node_modules/${name}`;
    if (at === "") return;
  }
}

/** Optional packages that the lock file does not hold, with what is known of them. */
export function missingFrom(packages) {
  const missing = new Map();
  for (const [place, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if ([...placesFor(place, name)].some((one) => packages[one] !== undefined)) continue;
      const platform = platformOf(name);
      if (platform === undefined || !/^\d+\.\d+\.\d+[0-9A-Za-z.+-]*$/.test(version)) continue;
      missing.set(`node_modules/${name}`, {
        version,
        ...(entry.dev ? { dev: true } : {}),
        optional: true,
        ...platform,
      });
    }
  }
  return missing;
}

/** Writes what is missing into the lock file; with --check it throws instead. */
async function complete() {
  const file = path.join(root, "package-lock.json");
  const lock = JSON.parse(readFileSync(file, "utf8"));
  const missing = missingFrom(lock.packages);
  if (missing.size === 0) return;
  if (process.argv.includes("--check")) {
    throw new ScriptError(
      `package-lock.json lacks packages of other systems; run \`node scripts/complete-lock.mjs\`:\n${[...missing.keys()].join("\n")}`,
    );
  }
  const [self, ...others] = Object.entries({ ...lock.packages, ...Object.fromEntries(missing) });
  lock.packages = Object.fromEntries([self, ...others.sort(([a], [b]) => a.localeCompare(b, "en"))]);
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  process.stdout.write(`${missing.size} packages of other systems added to package-lock.json\n`);
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url))
  await main(complete);
