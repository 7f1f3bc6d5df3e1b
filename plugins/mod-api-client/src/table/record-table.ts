import { closestName, isKnownType } from "@datapy/mod-kit";
import { apiError } from "../api-errors.js";
import { parseJsonPath, valueAt } from "../json/json-path.js";
import type { PathStep } from "../json/json-path.js";
import { JsonNumber, isJsonObject, jsonText, scalarText } from "../json/json-value.js";
import type { JsonValue } from "../json/json-value.js";
import { plainNumber } from "../json/number-text.js";
import type { ApiParams } from "../params.js";
import type { RowSpool } from "./row-spool.js";
import { ValueShape } from "./value-shape.js";

/** A column of the table in the making. Its cells stand under `c<index>` of the spool, of a kept structure also under `s<index>`. */
export interface TableColumn {
  readonly index: number;
  readonly name: string;
  /** Where it stands in a record, for messages and lineage. */
  readonly source: string;
  readonly shape: ValueShape;
  /** As `columns` declares it. */
  readonly declared: { readonly type: string | undefined; readonly format: string | undefined } | undefined;
}

const MOST_COLUMNS = 10_000;
const NUMBER_TYPE = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|DECIMAL\(.*)$/i;

/** A field of the records, or of an object inside of them that is flattened. */
interface FieldNode {
  readonly column: () => TableColumn;
  readonly fields: Map<string, FieldNode>;
  readonly path: readonly string[];
}

/** Turns records into rows of the spool, and collects what columns there are. */
export class RecordTable {
  readonly #columns: TableColumn[] = [];
  readonly #params: ApiParams;
  readonly #spool: RowSpool;
  readonly #declared: readonly { readonly column: TableColumn; readonly path: readonly PathStep[] }[];
  readonly #root: FieldNode;
  readonly #keepStructure: boolean;
  readonly #watermark: readonly PathStep[] | undefined;
  /** Declared columns whose path no record has had so far, not even with `null`. */
  readonly #unmet: Set<TableColumn>;

  constructor(params: ApiParams, spool: RowSpool) {
    this.#params = params;
    this.#spool = spool;
    this.#keepStructure = params.nested === "struct";
    this.#declared = Object.entries(params.columns ?? {}).map(([name, given]) => {
      const { type, path, format } =
        typeof given === "string" ? { type: given, path: undefined, format: undefined } : given;
      if (type !== undefined && !isKnownType(type)) {
        const close = closestName(type, [
          "BIGINT",
          "INTEGER",
          "DOUBLE",
          "VARCHAR",
          "BOOLEAN",
          "DATE",
          "TIMESTAMP",
          "TIMESTAMPTZ",
          "JSON",
          "UUID",
        ]);
        throw apiError(
          "API_BAD_PARAMETERS",
          `columns.${name}: ${JSON.stringify(type)} is not a type${close === undefined ? "" : `; did you mean ${close}?`}`,
        );
      }
      return {
        column: this.#add(name, path ?? name, { type, format }),
        path: path === undefined ? [name] : parseJsonPath(path, `columns.${name}.path`),
      };
    });
    this.#unmet = new Set(this.#declared.map(({ column }) => column));
    this.#root = this.#node([]);
    this.#watermark =
      params.watermark_field === undefined ? undefined : parseJsonPath(params.watermark_field, "watermark_field");
  }

  /** Columns that hold something, in the order in which they were first seen; all of them when they are declared. */
  columns(): readonly TableColumn[] {
    const found = this.#declared.length > 0 ? this.#columns : this.#columns.filter((one) => !this.#isShadowed(one));
    const seen = new Map<string, TableColumn>();
    for (const column of found) {
      const other = seen.get(column.name.toLowerCase());
      if (other !== undefined)
        throw apiError(
          "API_COLUMN_CLASH",
          `the fields ${other.source} and ${column.source} would both be the column ${column.name}`,
        );
      seen.set(column.name.toLowerCase(), column);
    }
    return found;
  }

  /** Declared columns that no record has anything for: their path may be misspelt. */
  get unmet(): readonly TableColumn[] {
    return [...this.#unmet];
  }

  /** Adds a record as a row. */
  add(page: number, record: JsonValue): void {
    const cells: string[] = [];
    if (this.#declared.length > 0) {
      for (const { column, path } of this.#declared) {
        const value = path[0] === "value" && !isJsonObject(record) ? record : valueAt(record, path);
        if (value === undefined) continue;
        this.#unmet.delete(column);
        this.#cell(cells, column, value);
      }
    } else if (isJsonObject(record)) this.#fields(cells, this.#root, record, this.#params.nested === "flatten");
    // A list of plain values is a table of one column.
    else this.#cell(cells, this.#child(this.#root, "value").column(), record);
    if (this.#watermark !== undefined) {
      const text = scalarText(valueAt(record, this.#watermark));
      if (text !== undefined) cells.push(`"w":${JSON.stringify(text)}`);
    }
    this.#spool.add(page, cells.join(","));
  }

  #fields(cells: string[], node: FieldNode, object: ReadonlyMap<string, JsonValue>, flatten: boolean): void {
    for (const [name, value] of object) {
      const child = this.#child(node, name);
      if (flatten && isJsonObject(value)) this.#fields(cells, child, value, true);
      else this.#cell(cells, child.column(), value);
    }
  }

  #cell(cells: string[], column: TableColumn, value: JsonValue): void {
    if (value === null && column.declared?.type?.toUpperCase() !== "JSON") return;
    column.shape.note(value, this.#keepStructure);
    cells.push(`"c${String(column.index)}":${JSON.stringify(cellText(value, column.declared?.type))}`);
    if (this.#keepStructure && column.declared?.type === undefined && typeof value === "object")
      cells.push(`"s${String(column.index)}":${jsonText(value, true)}`);
  }

  #child(node: FieldNode, name: string): FieldNode {
    let child = node.fields.get(name);
    if (child === undefined) node.fields.set(name, (child = this.#node([...node.path, name])));
    return child;
  }

  #node(path: readonly string[]): FieldNode {
    let column: TableColumn | undefined;
    return {
      path,
      fields: new Map(),
      column: () => (column ??= this.#add(path.join(this.#params.flatten_separator), path.join("."), undefined)),
    };
  }

  #add(name: string, source: string, declared: TableColumn["declared"]): TableColumn {
    if (this.#columns.length >= MOST_COLUMNS)
      throw apiError(
        "API_TOO_MANY_COLUMNS",
        `the records have more than ${String(MOST_COLUMNS)} different fields; the last one was ${source.slice(0, 100)}`,
      );
    if (name === "" || name.includes("\0"))
      throw apiError("API_COLUMN_CLASH", `a field has the name ${JSON.stringify(name)}, which no column can have`);
    const column = { index: this.#columns.length, name, source, shape: new ValueShape(), declared };
    this.#columns.push(column);
    return column;
  }

  /** A field that is null in some records and an object in others has its columns from the object. */
  #isShadowed(column: TableColumn): boolean {
    if (!column.shape.isEmpty || this.#params.nested !== "flatten") return false;
    return this.#columns.some((other) => other !== column && other.source.startsWith(`${column.source}.`));
  }
}

/** What a cell of the spool holds: the value as a text, from which the type of its column is cast at the end. */
function cellText(value: JsonValue, type: string | undefined): string {
  if (type?.toUpperCase() === "JSON") return jsonText(value);
  // An integer may be written 1.0 or 1e3.
  if (value instanceof JsonNumber && type !== undefined && NUMBER_TYPE.test(type)) return plainNumber(value.text);
  return scalarText(value) ?? jsonText(value);
}
