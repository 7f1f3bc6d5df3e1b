import { closestName } from "@datapy/mod-kit";
import type { SandboxParameters, SqlValue } from "@datapy/mod-kit";
import type { DuckDBPreparedStatement, DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { fault } from "../errors.js";
import type { DuckDB } from "./duckdb-engine.js";

/** A value as DuckDB takes it, in a type that is said and not guessed. */
interface Bound {
  readonly value: DuckDBValue;
  readonly type: DuckDBType;
}

/** Binds what a statement asks for. Throws `DATAPY_SANDBOX_PARAMETER` (20) for a value that is missing. */
export function bindParameters(duckdb: DuckDB, statement: DuckDBPreparedStatement, given: SandboxParameters): void {
  for (let index = 1; index <= statement.parameterCount; index += 1) {
    const name = statement.parameterName(index);
    const value = valueOf(given, name);
    if (value === undefined) {
      const names = namesOf(given);
      const near = closestName(
        name,
        names.map((one) => one.slice(1)),
      );
      throw fault(
        "DATAPY_SANDBOX_PARAMETER",
        { detail: `$${name} of the SQL has no value; there are values of ${names.join(", ") || "none"}` },
        near === undefined ? {} : { hint: `Give the value of ${near} as ${name}, or correct the SQL.` },
      );
    }
    const bound = toBound(duckdb, value);
    statement.bindValue(index, bound.value, bound.type);
  }
}

/** Names under which `given` has values: `$1`, `$from`. */
export function namesOf(given: SandboxParameters): string[] {
  return isList(given)
    ? given.map((_, index) => `$${String(index + 1)}`)
    : Object.keys(given).map((name) => `$${name}`);
}

function valueOf(given: SandboxParameters, name: string): SqlValue | undefined {
  if (isList(given)) return given[Number(name) - 1];
  const key = Object.keys(given).find((one) => one.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : given[key];
}

function isList(given: SandboxParameters): given is readonly SqlValue[] {
  return Array.isArray(given);
}

function toBound(duckdb: DuckDB, value: SqlValue): Bound {
  switch (typeof value) {
    case "string":
      return { value, type: duckdb.VARCHAR };
    case "boolean":
      return { value, type: duckdb.BOOLEAN };
    case "bigint":
      return { value, type: value >= -(2n ** 63n) && value < 2n ** 63n ? duckdb.BIGINT : duckdb.HUGEINT };
    case "number":
      // Whole numbers of 32 bits are INTEGER, as a literal in the text would be.
      if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) return { value, type: duckdb.INTEGER };
      return Number.isSafeInteger(value)
        ? { value: BigInt(value), type: duckdb.BIGINT }
        : { value, type: duckdb.DOUBLE };
    default:
      break;
  }
  if (value === null) return { value, type: duckdb.SQLNULL };
  if (value instanceof Uint8Array) return { value: new duckdb.DuckDBBlobValue(value), type: duckdb.BLOB };
  if (Array.isArray(value)) {
    const items = (value as readonly SqlValue[]).map((item) => toBound(duckdb, item));
    const type = commonType(duckdb, items);
    return {
      value: duckdb.listValue(items.map((item) => (type === duckdb.BIGINT ? whole(item.value) : item.value))),
      type: duckdb.LIST(type),
    };
  }
  const fields = Object.entries(value).map(([name, field]) => [name, toBound(duckdb, field)] as const);
  return {
    value: duckdb.structValue(Object.fromEntries(fields.map(([name, field]) => [name, field.value]))),
    type: duckdb.STRUCT(Object.fromEntries(fields.map(([name, field]) => [name, field.type]))),
  };
}

/** The type of a list's elements. Whole numbers of different widths meet in BIGINT. */
function commonType(duckdb: DuckDB, items: readonly Bound[]): DuckDBType {
  const types = new Map(items.filter((item) => item.value !== null).map((item) => [String(item.type), item.type]));
  const [first, second, ...more] = types.values();
  if (first === undefined) return duckdb.VARCHAR;
  if (second === undefined) return first;
  const names = [...types.keys()];
  if (more.length === 0 && names.every((name) => name === "INTEGER" || name === "BIGINT")) return duckdb.BIGINT;
  if (names.every((name) => name === "INTEGER" || name === "DOUBLE")) return duckdb.DOUBLE;
  throw fault("DATAPY_SANDBOX_PARAMETER", { detail: `a list of values holds several types: ${names.join(", ")}` });
}

function whole(value: DuckDBValue): DuckDBValue {
  return typeof value === "number" ? BigInt(value) : value;
}
