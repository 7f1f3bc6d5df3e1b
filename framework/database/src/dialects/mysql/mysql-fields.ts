import type { FieldPacket } from "mysql2";
import { duckTypeOf } from "./mysql-types.js";

/** Column types of the protocol (https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html). */
const NAMES: Readonly<Record<number, string>> = {
  0: "decimal",
  1: "tinyint",
  2: "smallint",
  3: "int",
  4: "float",
  5: "double",
  7: "timestamp",
  8: "bigint",
  9: "mediumint",
  10: "date",
  11: "time",
  12: "datetime",
  13: "year",
  16: "bit",
  245: "json",
  246: "decimal",
  255: "geometry",
};
const TEXTS = new Set([15, 247, 248, 249, 250, 251, 252, 253, 254]);
const UNSIGNED = 32;
const BINARY_CHARSET = 63;

interface ProtocolField {
  readonly columnType?: number;
  readonly type?: number;
  readonly columnLength?: number;
  readonly length?: number;
  readonly decimals?: number;
  readonly characterSet?: number;
  readonly charsetNr?: number;
  readonly flags?: number | string[];
}

/** Type of a result's column from what the protocol says of it. */
export function fieldType(packet: FieldPacket): { readonly type: string; readonly duckType: string } {
  // mysql2 names these differently from its types, by version.
  const field = packet as unknown as ProtocolField;
  const code = field.columnType ?? field.type ?? 253;
  const length = field.columnLength ?? field.length ?? 0;
  const flags = typeof field.flags === "number" ? field.flags : 0;
  const unsigned = (flags & UNSIGNED) !== 0 ? " unsigned" : "";
  const decimals = field.decimals ?? 0;
  let type: string;
  if (TEXTS.has(code)) type = (field.characterSet ?? field.charsetNr) === BINARY_CHARSET ? "longblob" : "longtext";
  else if (code === 0 || code === 246) {
    const precision = length - (decimals > 0 ? 1 : 0) - (unsigned === "" ? 1 : 0);
    type = `decimal(${String(precision)},${String(decimals)})`;
  } else if (code === 1 && length === 1) type = "tinyint(1)";
  else type = `${NAMES[code] ?? "longtext"}${unsigned}`;
  return { type, duckType: duckTypeOf(type) };
}
