import { fault } from "../errors.js";

/** A node of DuckDB's syntax tree in JSON. */
type Node = Readonly<Record<string, unknown>>;

/** Table functions that make rows of their arguments alone. All others read files, settings or the catalog, or run SQL out of a text. */
const TABLE_FUNCTIONS = new Set([
  "range",
  "generate_series",
  "unnest",
  "repeat",
  "repeat_row",
  "json_each",
  "json_tree",
]);

/** Kinds of things that a FROM may hold, beside tables and table functions. */
const SOURCES = new Set(["JOIN", "SUBQUERY", "PIVOT", "EXPRESSION_LIST", "COLUMN_DATA", "EMPTY", "EMPTY_FROM"]);

/** Functions of the session: what they give is no matter of the tables, or what they do is an effect. */
const SESSION_FUNCTIONS = new Set([
  "current_setting",
  "getvariable",
  "current_query",
  "current_query_id",
  "current_connection_id",
  "current_transaction_id",
  "txid_current",
  "nextval",
  "currval",
  "setseed",
  "sleep_ms",
  "write_log",
  "parse_duckdb_log_message",
]);

/**
 * Throws `DATAPY_SANDBOX_SQL` (20) for a statement that reads anything but `tables` and its own subqueries. It goes by DuckDB's syntax
 * tree, by what is allowed: a source that is not known is refused. It is the second lock; the first is the instance, which has no file
 * system and no settings to change.
 */
export function assertContained(syntax: unknown, text: string, tables: readonly string[]): void {
  const inputs = new Set(tables.map((name) => name.toLowerCase()));

  function walk(value: unknown, scope: ReadonlySet<string>): void {
    if (Array.isArray(value)) {
      for (const item of value) walk(item, scope);
      return;
    }
    if (typeof value !== "object" || value === null) return;
    const node = value as Node;
    let inner = scope;
    const ctes = (node["cte_map"] as Node | undefined)?.["map"];
    if (Array.isArray(ctes)) {
      // One by one: the body of an expression sees those before it, and itself when it is recursive.
      for (const { key, value: body } of ctes as { key: string; value: unknown }[]) {
        const recursive = JSON.stringify(body).includes('"RECURSIVE_CTE_NODE"');
        const seen = new Set([...inner, key.toLowerCase()]);
        walk(body, recursive ? seen : inner);
        inner = seen;
      }
    }
    if (typeof node["cte_name"] === "string") inner = new Set([...inner, node["cte_name"].toLowerCase()]);
    assertSource(node, inner);
    for (const [key, child] of Object.entries(node)) if (key !== "cte_map") walk(child, inner);
  }

  function assertSource(node: Node, scope: ReadonlySet<string>): void {
    const type = node["type"];
    if (node["class"] === "FUNCTION") {
      const name = String(node["function_name"]).toLowerCase();
      if (SESSION_FUNCTIONS.has(name)) refuse(node, `the function ${name} reaches outside of the tables`);
      return;
    }
    if (type === "BASE_TABLE") {
      const qualified = node["schema_name"] !== undefined || node["catalog_name"] !== undefined;
      const name = String(node["table_name"]);
      if (qualified || !(scope.has(name.toLowerCase()) || inputs.has(name.toLowerCase()))) {
        const whole = [node["catalog_name"], node["schema_name"], name]
          .filter((part) => typeof part === "string")
          .join(".");
        refuse(
          node,
          `there is no table ${JSON.stringify(whole)} here; there are ${tables.map((one) => JSON.stringify(one)).join(", ")}`,
        );
      }
      return;
    }
    if (type === "TABLE_FUNCTION") {
      const name = String((node["function"] as Node | undefined)?.["function_name"]).toLowerCase();
      if (!TABLE_FUNCTIONS.has(name)) refuse(node, `the table function ${name} reaches outside of the tables`);
      return;
    }
    if (type === "SHOW_REF" && (node["show_type"] !== "SUMMARY" || node["query"] === undefined))
      refuse(node, "only SUMMARIZE can stand here of the statements that show things");
    const source = node["from_table"] as Node | undefined;
    const kind = source?.["type"];
    if (
      source !== undefined &&
      !(SOURCES.has(String(kind)) || kind === "BASE_TABLE" || kind === "TABLE_FUNCTION" || kind === "SHOW_REF")
    )
      refuse(source, `a source of the kind ${String(kind)} cannot be used here`);
  }

  function refuse(node: Node, detail: string): never {
    throw fault("DATAPY_SANDBOX_SQL", { detail: detail + pointer(text, node["query_location"]) });
  }

  walk(syntax, new Set());
}

/** The line of `text` at a byte offset, with a caret under the place; empty where there is no place. */
function pointer(text: string, location: unknown): string {
  const bytes = Buffer.from(text, "utf8");
  if (typeof location !== "number" || location >= bytes.length) return "";
  const before = bytes.subarray(0, location).toString("utf8");
  const line = before.split("\n").length;
  const column = before.length - (before.lastIndexOf("\n") + 1);
  const label = `LINE ${String(line)}: `;
  const shown = text.split("\n")[line - 1] ?? "";
  return `\n\n${label}${shown}\n${" ".repeat(label.length + column)}^`;
}
