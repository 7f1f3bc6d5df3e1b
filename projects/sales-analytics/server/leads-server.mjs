// The address book of a supplier of airport equipment, as a service: airports page by page, for who has the token.
// LEADS_TOKEN=… node server/leads-server.mjs [port]        it prints its address when it listens; port 0 takes a free one
// LEADS_TOKEN=… node server/leads-server.mjs 0 COMMAND…    it runs the command with its address in LEADS_URL, and ends with it
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PAGE = 500;
const token = process.env.LEADS_TOKEN;

/** The file has neither quotes nor commas within its values but for a few names: those are in quotes. */
function fieldsOf(line) {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? plain : quoted.replaceAll('""', '"'),
  );
}

const file = fileURLToPath(new URL("../data/airports.csv", import.meta.url));
const [header, ...lines] = readFileSync(file, "utf8").trimEnd().split(/\r?\n/);
const names = fieldsOf(header);
const airports = lines.map((line) => {
  const { latitude, longitude, ...rest } = Object.fromEntries(fieldsOf(line).map((value, at) => [names[at], value]));
  return { ...rest, position: { latitude: Number(latitude), longitude: Number(longitude) } };
});

const server = createServer((request, response) => {
  const answer = (status, body) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
  if (request.headers.authorization !== `Bearer ${token}`) return answer(401, { error: "a token is needed" });
  if (request.method !== "GET" || pathname !== "/leads") return answer(404, { error: `there is no ${pathname}` });
  const from = Number(searchParams.get("cursor") ?? 0);
  if (!Number.isInteger(from) || from < 0) return answer(400, { error: "cursor is none of ours" });
  const until = from + PAGE;
  answer(200, { leads: airports.slice(from, until), next: until < airports.length ? String(until) : null });
});
const [port = "8765", ...command] = process.argv.slice(2);

function close() {
  server.close();
  server.closeAllConnections();
}

function runBeside(url) {
  const [file, ...args] = command;
  // npx is a script of the shell on Windows.
  const shell = process.platform === "win32";
  const child = spawn(file, args, { stdio: "inherit", shell, env: { ...process.env, LEADS_URL: url } });
  child.on("error", (error) => {
    process.stderr.write(`${file} cannot be started: ${error.message}\n`);
    process.exitCode = 30;
    close();
  });
  child.on("exit", (code) => {
    process.exitCode = code ?? 50;
    close();
  });
  // From a terminal the command gets the signal as well; its exit code is the one that counts.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
}

if (token) {
  server.listen(Number(port), "127.0.0.1", () => {
    const url = `http://127.0.0.1:${server.address().port}`;
    if (command.length > 0) runBeside(url);
    else {
      process.stdout.write(`${url}\n`);
      for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, close);
    }
  });
} else {
  process.stderr.write("LEADS_TOKEN is not set: it is what clients have to send, such as LEADS_TOKEN=let-me-in\n");
  process.exitCode = 20;
}
