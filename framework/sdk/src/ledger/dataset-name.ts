import path from "node:path";
import { pathToFileURL } from "node:url";

/** Name of a dataset as OpenLineage's naming conventions have it. */
export interface DatasetName {
  readonly namespace: string;
  readonly name: string;
}

/** Names the dataset at a path or URI: `file` and the absolute path, a bucket and the key, a database server and the table. */
export function datasetName(uri: string): DatasetName {
  const parsed = parse(uri);
  if (parsed === undefined) return { namespace: "file", name: forwardSlashes(path.resolve(uri)) };
  // Credentials are no part of a name, and a query string may hold some.
  const name = decode(parsed.pathname).replace(/^\/+/, "");
  if (parsed.protocol === "file:") return { namespace: "file", name: decode(parsed.pathname) };
  return { namespace: `${parsed.protocol}//${parsed.host}`, name: name === "" ? "/" : name };
}

/** The URI of a dataset, for its `dataSource` facet: without credentials and query. */
export function datasetUri(uri: string): string {
  const parsed = parse(uri);
  if (parsed === undefined) return pathToFileURL(path.resolve(uri)).href;
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}

function parse(uri: string): URL | undefined {
  // Two letters at least: `C:\data` is a path.
  if (!/^[A-Za-z][A-Za-z0-9+.-]+:\/\//.test(uri)) return undefined;
  try {
    return new URL(uri);
  } catch {
    return undefined;
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function forwardSlashes(file: string): string {
  return file.split(path.sep).join("/");
}
