// An S3 server in a process of its own: s3rver, from npm, over the folder in argv[2]. Prints its port. What s3rver lacks and the mods need is
// added in front of it, over its own files: to list and to abort uploads in parts, conditional writes, listings with encoded keys. It knows no checksums and gives none
// back, as many older stores.
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const S3rver = require("s3rver");

const directory = process.argv[2];
const s3rver = new S3rver({
  directory,
  silent: true,
  address: "127.0.0.1",
  port: 0,
  configureBuckets: [{ name: "test" }],
});
const answer = s3rver.callback();
// Koa answers this before any route: what is thrown away with the connection is no news.
s3rver.silent = true;

const escape = (text) => text.replace(/[<>&"\x00-\x1f]/g, (character) => `&#${character.codePointAt(0)};`);
const encode = (text) => encodeURIComponent(text).replaceAll("%2F", "/");

function xml(response, status, body) {
  response.writeHead(status, { "content-type": "application/xml" });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`);
}

function fail(response, status, code) {
  xml(response, status, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}

function uploadsOf(bucket) {
  const folder = path.join(directory, bucket, "._S3rver_uploads");
  if (!fs.existsSync(folder)) return [];
  // A part that arrives after an abort leaves a folder without a key.
  const ids = fs.readdirSync(folder).filter((id) => fs.existsSync(path.join(folder, id, "key")));
  return ids.map((id) => ({
    id,
    folder: path.join(folder, id),
    key: fs.readFileSync(path.join(folder, id, "key"), "utf8"),
    initiated: fs.statSync(path.join(folder, id, "key")).mtime,
  }));
}

function listParts(response, upload) {
  const parts = fs
    .readdirSync(upload.folder)
    // A part whose checksum is not there yet has not come whole.
    .filter((name) => /^\d+$/.test(name) && fs.existsSync(path.join(upload.folder, `${name}.md5`)))
    .map(Number)
    .sort((one, other) => one - other)
    .map((number) => {
      const file = path.join(upload.folder, String(number));
      const etag = fs.readFileSync(`${file}.md5`, "utf8");
      return `<Part><PartNumber>${number}</PartNumber><ETag>"${etag}"</ETag><Size>${fs.statSync(file).size}</Size></Part>`;
    });
  xml(response, 200, `<ListPartsResult><IsTruncated>false</IsTruncated>${parts.join("")}</ListPartsResult>`);
}

function listUploads(response, bucket, prefix) {
  const uploads = uploadsOf(bucket)
    .filter((one) => one.key.startsWith(prefix))
    .map(
      (one) =>
        `<Upload><Key>${escape(encode(one.key))}</Key><UploadId>${one.id}</UploadId><Initiated>${one.initiated.toISOString()}</Initiated></Upload>`,
    );
  xml(
    response,
    200,
    `<ListMultipartUploadsResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${uploads.join("")}</ListMultipartUploadsResult>`,
  );
}

/** Keys as they travel where XML has no place for them, as in S3; s3rver knows no such encoding. */
async function listObjects(response, bucket, query) {
  if (!(await s3rver.store.getBucket(bucket))) return fail(response, 404, "NoSuchBucket");
  const options = {
    prefix: query.get("prefix") ?? "",
    maxKeys: 1000,
    startAfter: query.get("continuation-token") ?? "",
  };
  const { objects, isTruncated } = await s3rver.store.listObjects(bucket, options);
  const contents = objects.map(
    ({ key, metadata }) =>
      `<Contents><Key>${encode(key)}</Key><LastModified>${new Date(metadata["last-modified"]).toISOString()}</LastModified><ETag>${escape(metadata.etag)}</ETag><Size>${metadata["content-length"]}</Size></Contents>`,
  );
  const next = isTruncated ? `<NextContinuationToken>${escape(objects.at(-1).key)}</NextContinuationToken>` : "";
  xml(
    response,
    200,
    `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>${isTruncated}</IsTruncated>${next}${contents.join("")}</ListBucketResult>`,
  );
}

/** Answers what s3rver cannot; `false` for all else. */
function added(request, response) {
  const url = new URL(request.url, "http://store");
  const [bucket, ...steps] = url.pathname.slice(1).split("/");
  const key = decodeURIComponent(steps.join("/"));
  const id = url.searchParams.get("uploadId");
  if (
    request.method === "GET" &&
    key === "" &&
    url.searchParams.get("encoding-type") === "url" &&
    url.searchParams.get("list-type") === "2"
  ) {
    listObjects(response, bucket, url.searchParams).catch(() => fail(response, 500, "InternalError"));
    return true;
  }
  if (request.method === "GET" && key === "" && url.searchParams.has("uploads")) {
    listUploads(response, bucket, url.searchParams.get("prefix") ?? "");
    return true;
  }
  if (id !== null) {
    const upload = uploadsOf(bucket).find((one) => one.id === id);
    if (upload === undefined) fail(response, 404, "NoSuchUpload");
    else if (request.method === "GET") listParts(response, upload);
    else if (request.method === "DELETE") {
      fs.rmSync(upload.folder, { recursive: true, force: true });
      response.writeHead(204).end();
    } else return conditional(request, response, bucket, key);
    request.resume();
    return true;
  }
  return conditional(request, response, bucket, key);
}

function conditional(request, response, bucket, key) {
  if (request.headers["if-none-match"] !== "*" || !["PUT", "POST"].includes(request.method)) return false;
  if (!fs.existsSync(path.join(directory, bucket, `${key}._S3rver_object`))) return false;
  request.resume();
  fail(response, 412, "PreconditionFailed");
  return true;
}

// s3rver has no handler for a part whose folder goes while it is written, which an abort does.
process.on("uncaughtException", () => undefined);

void (async () => {
  await s3rver.configureBuckets();
  const server = http.createServer((request, response) => {
    try {
      if (!added(request, response)) answer(request, response);
    } catch (error) {
      fail(response, 500, "InternalError");
      process.stderr.write(`${error.stack}\n`);
    }
  });
  server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
  // Ends with the test that has started it, however that ends.
  process.stdin.resume().on("end", () => process.kill(process.pid, "SIGKILL"));
})();
