import { ident, join, literal, raw, rowNumber, sql, strictCast, table } from "@datapy/mod-kit";
import type { Sql } from "@datapy/mod-kit";
import type { PlannedColumn } from "./column-plan.js";
import { castTarget } from "./params.js";
import type { CleanerParams } from "./params.js";
import { own, textRules } from "./text-rules.js";

/** A flag column: true in the rows that a rule changed. */
export interface ChangeFlag {
  readonly flag: string;
  readonly rule: string;
  readonly column: string;
  /** A column of its own: true in the rows that forbid the rule's shortcut, if it has one. */
  readonly unless?: string;
}

/** The first half of the work: every rule that looks at one row alone. */
export interface RowRules {
  /** Gives `r` (row number, from 1), `v0…` (a planned column each), `f0…` (change flags), `w0…` (what forbids a shortcut), `b` (NULL, or what is wrong with the row). */
  readonly query: Sql;
  readonly flags: readonly ChangeFlag[];
  /** Whether any rule can make a bad row. */
  readonly casts: boolean;
}

/** Name of the value of a planned column. */
export function plannedValue(at: number): Sql {
  return ident(`v${String(at)}`);
}

/**
 * Writes the row-wise rules as one query. Columns go by place (`c0`, `c0_1`, …), each rule's result under a name of its own, so that no name of
 * the table can collide with one of ours. `known` is what an earlier pass found: rules whose flag is `idle` change nothing and are left out; those
 * that are `plain` are done by their shortcut.
 */
export function rowRules(
  params: CleanerParams,
  planned: readonly PlannedColumn[],
  inputColumns: number,
  known: { readonly idle: ReadonlySet<string>; readonly plain: ReadonlySet<string> } = {
    idle: new Set(),
    plain: new Set(),
  },
): RowRules {
  const steps: Sql[] = [];
  const outputs: Sql[] = [];
  const flags: ChangeFlag[] = [];
  const flagged: Sql[] = [];
  const faults: Sql[] = [];
  planned.forEach((column, at) => {
    let current = ident(`c${String(column.index)}`);
    let step = 0;
    const rules = column.sourceType === "VARCHAR" ? textRules(params, column.name) : [];
    for (const { rule, apply, shortcut } of rules) {
      step += 1;
      const flag = `f${String(flags.length)}`;
      const place = ident(flag);
      const unless = shortcut && `w${String(flags.length)}`;
      flags.push({ flag, rule, column: column.name, ...(unless === undefined ? {} : { unless }) });
      const isIdle = known.idle.has(flag);
      const next = isIdle ? current : ident(`c${String(column.index)}_${String(step)}`);
      if (shortcut !== undefined && unless !== undefined) {
        const need = ident(`need_${flag}`);
        if (!isIdle) steps.push(sql`${shortcut.need(current)} as ${need}`);
        flagged.push(
          isIdle
            ? sql`false as ${place}, false as ${ident(unless)}`
            : sql`${need} > 0 as ${place}, ${need} = 2 as ${ident(unless)}`,
        );
      } else flagged.push(sql`${next} is distinct from ${current} as ${place}`);
      if (isIdle) continue;
      const change = shortcut !== undefined && known.plain.has(flag) ? shortcut.apply : apply;
      steps.push(sql`${change(current)} as ${next}`);
      current = next;
    }
    const cast = own(params.cast, column.name);
    if (cast === undefined) {
      outputs.push(sql`${current} as ${plannedValue(at)}`);
      return;
    }
    const { soundValue, bad } = strictCast(current, column.sourceType, castTarget(cast));
    outputs.push(sql`${soundValue} as ${plannedValue(at)}`);
    if (column.type !== column.sourceType) {
      const flag = `f${String(flags.length)}`;
      flags.push({ flag, rule: "cast", column: column.name });
      flagged.push(sql`${current} is not null as ${ident(flag)}`);
    }
    const reason = `does not fit ${column.type} exactly`;
    faults.push(
      sql`case when ${bad} then {'column': ${literal(column.name)}, 'reason': ${literal(reason)}, 'value': cast(${current} as varchar)} end`,
    );
  });
  const aliases = join(Array.from({ length: inputColumns }, (_, index) => ident(`c${String(index)}`)));
  const fault = faults.length === 0 ? sql`null` : sql`coalesce(${join(faults)})`;
  const stepList = steps.length === 0 ? sql`` : sql`, ${join(steps)}`;
  const query = sql`
    with input as (select ${rowNumber([])} as r, i.* from ${table(params.input_artifact)} as i(${aliases})),
    changed as (select *${stepList} from input)
    select ${join([raw("r"), ...outputs, ...flagged, sql`${fault} as b`])} from changed`;
  return { query, flags, casts: faults.length > 0 };
}
