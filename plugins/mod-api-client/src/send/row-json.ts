import { ident, join, literal, sql } from "@datapy/mod-kit";
import type { Column, Sql } from "@datapy/mod-kit";

/**
 * A row as the text of a JSON object, made by DuckDB, so that no digit is lost: decimals and large integers are numbers as they are,
 * timestamps ISO 8601, JSON columns what they hold.
 */
export function rowJson(columns: readonly Column[]): Sql {
  const fields = columns.map((column, index) => {
    const start = literal(`${index === 0 ? "{" : ","}${JSON.stringify(column.name)}:`);
    return sql`${start} || coalesce(${cell(column)}, 'null')`;
  });
  return sql`${join(fields, " || ")} || '}'`;
}

function cell({ name, type }: Column): Sql {
  const value = ident(name);
  if (type === "JSON") return sql`cast(${value} as varchar)`;
  if (/^(?:DECIMAL|U?(?:TINY|SMALL|BIG|HUGE)?INT|INTEGER)/.test(type) && !type.includes("["))
    return sql`cast(${value} as varchar)`;
  if (type === "TIMESTAMP WITH TIME ZONE") return moment(value, "Z");
  if (type === "TIMESTAMP") return moment(value, "");
  return sql`cast(to_json(${value}) as varchar)`;
}

/** Fractions only where there are some. */
function moment(value: Sql, zone: string): Sql {
  const whole = literal(`"%Y-%m-%dT%H:%M:%S${zone}"`);
  const fraction = literal(`"%Y-%m-%dT%H:%M:%S.%f${zone}"`);
  return sql`case when isfinite(${value}) then case when date_part('microseconds', ${value}) % 1000000 = 0 then strftime(${value}, ${whole}) else strftime(${value}, ${fraction}) end else cast(to_json(cast(${value} as varchar)) as varchar) end`;
}

/** A condition that is true for a row with a number that JSON does not have; undefined where no column can hold one. */
export function nonFinite(columns: readonly Column[]): Sql | undefined {
  const doubles = columns.filter(({ type }) => /^(?:DOUBLE|FLOAT)$/.test(type));
  if (doubles.length === 0) return undefined;
  return join(
    doubles.map(({ name }) => sql`coalesce(not isfinite(${ident(name)}), false)`),
    " or ",
  );
}

/** Columns whose JSON may hold `NaN` somewhere inside. */
export function mayHoldNonFinite(columns: readonly Column[]): boolean {
  return columns.some(({ type }) => /(?:DOUBLE|FLOAT)/.test(type) && !/^(?:DOUBLE|FLOAT)$/.test(type));
}
