import { ident, literal, raw, sql } from "@datapy/mod-kit";
import type { Sql } from "@datapy/mod-kit";
import type { CsvColumn } from "../../csv-pipe.js";
import type { LoadColumn, ResultColumn } from "../../dialect.js";
import { parseDuckType } from "../../duck-type.js";
import type { DuckType } from "../../duck-type.js";
import { parsePostgresType } from "./postgresql-types.js";

/** The text of a DuckDB value that PostgreSQL's input functions read back as the same value. Most types need none. */
export function loadExpression(column: LoadColumn): Sql {
  return textOf(ident(column.name), parseDuckType(column.duckType), 0);
}

function textOf(value: Sql, type: DuckType, depth: number): Sql {
  switch (type.base) {
    case "BLOB":
      return sql`'\\x' || hex(${value})`;
    case "STRUCT":
    case "MAP":
    case "UNION":
      return sql`cast(to_json(${value}) as varchar)`;
    case "LIST": {
      const name = `element_${String(depth)}`;
      const inner = type.element as DuckType;
      const text = textOf(raw(name), inner, depth + 1);
      // Nested lists are written bare: their braces are the array's next dimension.
      const element =
        inner.base === "LIST"
          ? text
          : sql`'"' || replace(replace(cast(${text} as varchar), '\\', '\\\\'), '"', '\\"') || '"'`;
      const item = sql`case when ${raw(name)} is null then 'NULL' else ${element} end`;
      return sql`'{' || array_to_string(list_transform(${value}, lambda ${raw(name)}: ${item}), ',') || '}'`;
    }
    default:
      return value;
  }
}

/** The expression by which the server writes a column for DuckDB. */
export function unloadExpression(column: ResultColumn): Sql {
  const name = ident(column.name);
  return parsePostgresType(column.type).array ? sql`array_to_json(${name}::text[])` : name;
}

const ERA = /^(?:DATE|TIMESTAMP)/;

/** How DuckDB reads what {@link unloadExpression} made. */
export function csvColumn(column: ResultColumn): CsvColumn {
  const type = parseDuckType(column.duckType);
  const { name } = column;
  if (type.base === "BLOB") return { name, csvType: "VARCHAR", expression: (field) => sql`unhex(substr(${field}, 3))` };
  if (type.base === "LIST") return { name, csvType: "VARCHAR", expression: (field) => fromJsonTexts(field, type) };
  if (ERA.test(type.base)) {
    // DuckDB writes the era behind the day; "BC" at the end, as PostgreSQL has it, would be dropped without a word.
    const target = raw(column.duckType);
    return {
      name,
      csvType: "VARCHAR",
      expression: (field) =>
        sql`case when ends_with(${field}, ' BC') then cast(regexp_replace(${field}, ${literal("^(\\S+)(.*) BC$")}, ${literal("\\1 (BC)\\2")}) as ${target}) else cast(${field} as ${target}) end`,
    };
  }
  if (type.base === "BIT" || type.base === "JSON" || type.base === "UUID") {
    return { name, csvType: "VARCHAR", expression: (field) => sql`cast(${field} as ${raw(column.duckType)})` };
  }
  return { name, csvType: column.duckType };
}

function fromJsonTexts(field: Sql, type: DuckType): Sql {
  const element = type.element as DuckType;
  const texts = sql`cast(cast(${field} as json) as varchar[])`;
  if (element.base === "BLOB") return sql`list_transform(${texts}, lambda x: unhex(substr(x, 3)))`;
  return sql`cast(${texts} as ${raw(type.text)})`;
}
