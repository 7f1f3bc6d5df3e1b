import { hasTemplate } from "../config/references.js";
import { itemsOf, propertyOf, semanticsOf } from "../config/schema-properties.js";
import type { JsonSchema } from "../config/schema-properties.js";
import type { TracedScalar, TracedValue } from "../config/traced-value.js";
import { fault } from "../errors.js";
import type { FindingList } from "./finding.js";

const SECRET_NAME =
  /(?:^|_)(?:password|passwd|pwd|passphrase|secret|token|api_?key|access_?key|private_?key|credentials?)$/i;
const URL_WITH_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s:@]*:[^/?#\s@]+@/i;
const KEYED_PASSWORD = /(?:^|[\s;?&])(?:password|pwd|passwd)\s*=\s*[^\s;&]+/i;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z ]+ )?PRIVATE KEY-----/;

/**
 * Warns of secrets that stand in a file in plain: values of `Secret()` parameters, values under names such as `password` and
 * `api_key`, connection strings with a password, private keys. A value with a reference in it is none, nor is a connection string
 * without a password. What is found is never said again.
 */
export function checkSecrets(
  value: TracedValue,
  schema: JsonSchema | undefined,
  findings: FindingList,
  name = "",
  own: (node: TracedValue) => boolean = () => true,
): void {
  if (value.kind === "object") {
    for (const [key, inner] of value.entries) checkSecrets(inner, propertyOf(schema, key), findings, key, own);
  } else if (value.kind === "array") {
    for (const item of value.items) checkSecrets(item, itemsOf(schema), findings, name, own);
  } else if (own(value) && isPlainSecret(value, schema, name)) {
    findings.warning(
      fault("DATAPY_SECRET_IN_PLAIN_TEXT", { what: name === "" ? "the value" : name }, { location: value.location }),
    );
  }
}

function isPlainSecret(node: TracedScalar, schema: JsonSchema | undefined, name: string): boolean {
  const { value, layer } = node;
  if (layer === "default" || typeof value !== "string" || value === "" || hasTemplate(value)) return false;
  if (URL_WITH_PASSWORD.test(value) || KEYED_PASSWORD.test(value) || PRIVATE_KEY.test(value)) return true;
  const isConnectionString = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) || /^\s*[\w ]+=[^=]*;/.test(value);
  if (semanticsOf(schema)?.kind === "secret") return !isConnectionString;
  return SECRET_NAME.test(name);
}
