import { FLAG, KIND } from "../scan/layout.js";
import type { ColumnSeen } from "../scan/scan-types.js";

/** How a column's type is decided when it is not declared. */
export type TypeInference = "safe" | "aggressive" | "off";

const NAMES: Readonly<Record<number, string>> = {
  [KIND.int]: "whole numbers",
  [KIND.decimal]: "decimal numbers",
  [KIND.double]: "decimal numbers",
  [KIND.boolean]: "true/false",
  [KIND.date]: "dates",
  [KIND.timestamp]: "timestamps",
  [KIND.time]: "times",
  [KIND.mixed]: "numbers",
  [KIND.none]: "typed values",
  [KIND.text]: "typed values",
};

/** What values of a kind are called. */
export function kindName(kind: number): string {
  return NAMES[kind] ?? "values";
}

function decimal(digits: number, scale: number): string | undefined {
  const precision = digits + scale;
  if (precision > 38) return undefined;
  // Few precisions, so that the type does not change with every file.
  return `DECIMAL(${precision <= 18 ? 18 : 38},${scale})`;
}

/** DuckDB type of a column of which every value was seen. Text where no type would print every value as it was written. */
export function inferredType(column: ColumnSeen): string {
  const { kind, intDigits, scale, flags } = column;
  switch (kind) {
    case KIND.int:
      return (flags & FLAG.pastBigint) === 0 ? "BIGINT" : "DECIMAL(38,0)";
    case KIND.decimal:
      return decimal(intDigits, scale) ?? "VARCHAR";
    case KIND.mixed:
      return ((flags & FLAG.exponent) === 0 ? decimal(intDigits, scale) : undefined) ?? "DOUBLE";
    case KIND.double:
      return "DOUBLE";
    case KIND.boolean:
      return "BOOLEAN";
    case KIND.date:
      return "DATE";
    case KIND.timestamp:
      return "TIMESTAMP";
    case KIND.time:
      return "TIME";
    default:
      return "VARCHAR";
  }
}

/** Whether a column stayed text although most of its values look typed. */
export function almostTyped(column: ColumnSeen): boolean {
  return column.kind === KIND.text && column.offending !== undefined && column.typed > column.misses;
}
