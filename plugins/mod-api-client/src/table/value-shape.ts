import { JsonNumber, isJsonArray, isJsonObject } from "../json/json-value.js";
import type { JsonValue } from "../json/json-value.js";
import { decimalOf, isExactDouble, widthOf } from "../json/number-text.js";

const LEAST_BIGINT = -(2n ** 63n);
const MOST_BIGINT = 2n ** 63n - 1n;
const MOST_FIELDS = 10_000;

/** What values have been seen at one place of the records; from it the type of a column that keeps every one of them. */
export class ValueShape {
  texts = 0;
  truths = 0;
  numbers = 0;
  lists = 0;
  objects = 0;
  #isWhole = true;
  #isBigint = true;
  #isDouble = true;
  #whole = 0;
  #scale = 0;
  #element: ValueShape | undefined;
  #fields: Map<string, ValueShape> | undefined;

  /** Notes a value. With `deep` also what is inside of it. */
  note(value: JsonValue, deep: boolean): void {
    if (value === null) return;
    if (typeof value === "string") this.texts += 1;
    else if (typeof value === "boolean") this.truths += 1;
    else if (value instanceof JsonNumber) this.#noteNumber(value.text);
    else if (isJsonArray(value)) {
      this.lists += 1;
      if (!deep) return;
      this.#element ??= new ValueShape();
      for (const inner of value) this.#element.note(inner, true);
    } else if (isJsonObject(value)) {
      this.objects += 1;
      if (!deep) return;
      this.#fields ??= new Map();
      for (const [name, inner] of value) {
        let field = this.#fields.get(name);
        if (field === undefined) {
          // Past that it is a dictionary, not a structure.
          if (this.#fields.size >= MOST_FIELDS) continue;
          this.#fields.set(name, (field = new ValueShape()));
        }
        field.note(inner, true);
      }
    }
  }

  get isEmpty(): boolean {
    return this.texts + this.truths + this.numbers + this.lists + this.objects === 0;
  }

  get isNested(): boolean {
    return this.lists + this.objects > 0;
  }

  /** The type of a column of scalars. Kinds that differ, and numbers that no type holds, are text. */
  scalarType(): string {
    if (this.isEmpty || this.texts > 0) return "VARCHAR";
    if (this.truths > 0) return this.numbers > 0 ? "VARCHAR" : "BOOLEAN";
    if (this.#isWhole) {
      if (this.#isBigint) return "BIGINT";
      return this.#whole <= 38 ? "DECIMAL(38,0)" : "VARCHAR";
    }
    if (this.#isDouble) return "DOUBLE";
    const width = Math.max(1, this.#whole + this.#scale);
    return width <= 38 ? `DECIMAL(${String(width)},${String(this.#scale)})` : "VARCHAR";
  }

  /** Numbers that became text, since no type of DuckDB keeps their digits. */
  get isNumberAsText(): boolean {
    return this.numbers > 0 && this.texts + this.truths === 0 && this.scalarType() === "VARCHAR";
  }

  /**
   * Type of a structure, with `leaf` for scalars; undefined where its values are of different kinds, or cannot be one (an object without
   * fields, names that differ in case alone): such a column stays JSON.
   */
  structType(leaf: (shape: ValueShape) => string): string | undefined {
    const scalars = this.texts + this.truths + this.numbers;
    if (this.isNested && (scalars > 0 || (this.lists > 0 && this.objects > 0))) return undefined;
    if (this.lists > 0) {
      const element = this.#element?.structType(leaf);
      return element === undefined ? undefined : `${element}[]`;
    }
    if (this.objects > 0) {
      const fields = [...(this.#fields ?? [])];
      const names = new Set(fields.map(([name]) => name.toLowerCase()));
      if (fields.length === 0 || fields.length >= MOST_FIELDS || names.size < fields.length || names.has(""))
        return undefined;
      const types = fields.map(([name, field]) => ({ name, type: field.structType(leaf) }));
      if (types.some(({ name, type }) => type === undefined || name.includes("\0"))) return undefined;
      return `STRUCT(${types.map(({ name, type }) => `"${name.replaceAll('"', '""')}" ${type ?? ""}`).join(", ")})`;
    }
    return leaf(this);
  }

  #noteNumber(text: string): void {
    this.numbers += 1;
    if (this.#isWhole && /^(?:0|-?[1-9]\d*)$/.test(text)) {
      const digits = text.length - (text.startsWith("-") ? 1 : 0);
      if (digits > this.#whole) this.#whole = digits;
      // No number of fifteen digits is out of the range of either.
      if (digits <= 15) return;
      if (this.#isBigint && digits >= 19) {
        const value = digits > 20 ? undefined : BigInt(text);
        if (value === undefined || value < LEAST_BIGINT || value > MOST_BIGINT) this.#isBigint = false;
      }
      if (this.#isDouble) this.#isDouble = isExactDouble(text);
      return;
    }
    this.#isWhole = false;
    const { whole, scale } = widthOf(decimalOf(text));
    if (whole > this.#whole) this.#whole = whole;
    if (scale > this.#scale) this.#scale = scale;
    if (this.#isDouble) this.#isDouble = isExactDouble(text);
  }
}
