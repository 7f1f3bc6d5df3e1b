import type { DuckDBType, DuckDBValue } from "@duckdb/node-api";
import type { SqlValue } from "@datapy/mod-kit";
import { fault } from "../errors.js";

/** Turns one value of a column into what a mod gets. */
export type ValueReader = (value: DuckDBValue) => SqlValue;

type DuckDB = typeof import("@duckdb/node-api");

/**
 * How values of a type reach JavaScript: whole numbers past 32 bits as `bigint`; decimals, dates, times, timestamps, intervals and
 * UUIDs as exact texts, timestamps with time zone in UTC (`2024-01-31 10:00:00+00`); lists and arrays as arrays, structs as objects,
 * maps as arrays of `{ key, value }`; blobs as bytes. Never as `Date`, which would lose microseconds and shift zones.
 */
export function valueReader(duckdb: DuckDB, type: DuckDBType): ValueReader {
  const read = nonNullReader(duckdb, type);
  // A field that a struct does not have comes as undefined.
  return (value: DuckDBValue | undefined) => (value === null || value === undefined ? null : read(value));
}

function nonNullReader(duckdb: DuckDB, type: DuckDBType): ValueReader {
  const id = duckdb.DuckDBTypeId;
  switch (type.typeId) {
    case id.BOOLEAN:
    case id.TINYINT:
    case id.SMALLINT:
    case id.INTEGER:
    case id.UTINYINT:
    case id.USMALLINT:
    case id.UINTEGER:
    case id.FLOAT:
    case id.DOUBLE:
    case id.BIGINT:
    case id.UBIGINT:
    case id.HUGEINT:
    case id.UHUGEINT:
    case id.BIGNUM:
    case id.VARCHAR:
    case id.ENUM:
      return (value) => value as SqlValue;
    case id.DATE:
    case id.TIMESTAMP:
    case id.TIMESTAMP_S:
    case id.TIMESTAMP_MS:
    case id.TIMESTAMP_NS:
      return finiteText;
    case id.TIMESTAMP_TZ:
      return (value) => {
        const { micros } = value as InstanceType<DuckDB["DuckDBTimestampTZValue"]>;
        const text = finiteText(new duckdb.DuckDBTimestampValue(micros));
        return text.endsWith("infinity") ? text : zoned(text);
      };
    case id.BLOB:
      return (value) => Uint8Array.from((value as InstanceType<DuckDB["DuckDBBlobValue"]>).bytes);
    case id.LIST:
    case id.ARRAY: {
      const element = valueReader(duckdb, (type as InstanceType<DuckDB["DuckDBListType"]>).valueType);
      return (value) => (value as InstanceType<DuckDB["DuckDBListValue"]>).items.map(element);
    }
    case id.STRUCT: {
      const { entryNames, entryTypes } = type;
      // The bindings assign it to a plain object, where it is not kept.
      if (entryNames.includes("__proto__")) {
        throw fault(
          "DATAPY_DATA_QUERY_FAILED",
          { detail: "a struct has a field called __proto__, which JavaScript does not keep" },
          { hint: "Give the field another name in the query." },
        );
      }
      const fields = entryNames.map((name, index) => ({
        name,
        read: valueReader(duckdb, entryTypes[index] as DuckDBType),
      }));
      return (value) => {
        const { entries } = value as InstanceType<DuckDB["DuckDBStructValue"]>;
        return Object.fromEntries(fields.map(({ name, read }) => [name, read(entries[name] as DuckDBValue)]));
      };
    }
    case id.MAP: {
      const { keyType, valueType } = type;
      const key = valueReader(duckdb, keyType);
      const content = valueReader(duckdb, valueType);
      return (value) =>
        (value as InstanceType<DuckDB["DuckDBMapValue"]>).entries.map((entry) => ({
          key: key(entry.key),
          value: content(entry.value),
        }));
    }
    case id.UNION: {
      const union = type;
      return (value) => {
        const { tag, value: member } = value as InstanceType<DuckDB["DuckDBUnionValue"]>;
        const memberType = union.memberTypes[union.memberTags.indexOf(tag)];
        return memberType === undefined ? null : valueReader(duckdb, memberType)(member);
      };
    }
    default:
      return (value) => String(value);
  }
}

function finiteText(value: DuckDBValue): string {
  const dated = value as {
    readonly isFinite: boolean;
    readonly micros?: bigint;
    readonly days?: number;
    toString(): string;
  };
  if (dated.isFinite) return dated.toString();
  const raw: bigint | number =
    Object.values(dated).find(
      (field): field is bigint | number => typeof field === "bigint" || typeof field === "number",
    ) ?? 0;
  return raw < 0 ? "-infinity" : "infinity";
}

/** `+00` stands before an era, as DuckDB itself writes it. */
function zoned(text: string): string {
  return text.endsWith(" (BC)") ? `${text.slice(0, -5)} (BC)+00` : `${text}+00`;
}
