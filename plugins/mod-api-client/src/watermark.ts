import { sql } from "@datapy/mod-kit";
import type { ModContext } from "@datapy/mod-kit";
import { apiError } from "./api-errors.js";
import { placeOf } from "./http/http-client.js";
import { earlierMoment, lessUnits } from "./late-window.js";
import type { PlacedValue } from "./pagination/page-request.js";
import type { ApiParams } from "./params.js";
import type { RowSpool } from "./table/row-spool.js";
import { spoolRows } from "./table/write-records.js";

/** From where on an incremental run asks. */
export interface Watermark {
  readonly key: string;
  readonly before: string | undefined;
  /** The run moves it; a backfill does not. */
  readonly moves: boolean;
  readonly values: readonly PlacedValue[];
}

/** Finds out what an incremental run asks for; undefined when the run is none. Throws `API_BAD_PARAMETERS`. */
export async function watermarkOf(params: ApiParams, ctx: ModContext, url: URL): Promise<Watermark | undefined> {
  const { watermark_field: field, watermark_parameter: name, watermark_from: from } = params;
  if (field === undefined || name === undefined) {
    const stray = (["watermark_field", "watermark_parameter", "watermark_from", "initial_watermark"] as const).filter(
      (one) => params[one] !== undefined,
    );
    const given = [
      ...stray,
      ...(["late_window", "late_window_units", "reset_watermark"] as const).filter((one) => Boolean(params[one])),
    ];
    if (given.length > 0)
      throw apiError(
        "API_BAD_PARAMETERS",
        `an incremental run needs \`watermark_field\` and \`watermark_parameter\`; given ${given.length === 1 ? "is" : "are"} ${given.join(", ")}`,
      );
    return undefined;
  }
  const key = params.state_key ?? `watermark:${placeOf(url)}:${field}`;
  const stored = await ctx.state.get(key);
  const before = typeof stored === "string" && !params.reset_watermark ? stored : undefined;
  const begin = before ?? params.initial_watermark;
  const start = from ?? (begin === undefined ? undefined : lowered(begin, params));
  const values = start === undefined ? [] : [{ name, value: start, in: params.watermark_in }];
  return { key, before, moves: from === undefined, values };
}

/**
 * The watermark, moved back by the window for records that came late, as the API writes it. Throws `API_BAD_WATERMARK` where the window is
 * of another kind: records would be missed that the user counts on.
 */
function lowered(begin: string | number, params: ApiParams): string | number {
  const { late_window: window, late_window_units: units } = params;
  const text = String(begin);
  const number = lessUnits(text, units);
  if (number !== undefined) {
    if (units === 0 && window > 0)
      throw apiError("API_BAD_WATERMARK", `\`late_window\` is a time, but the watermark ${text} is a number`, {
        hint: "Set `late_window_units`, in the unit of the watermark.",
      });
    return typeof begin === "number" ? Number(number) : units === 0 ? text : number;
  }
  if (window === 0 && units === 0) return begin;
  const moment = window === 0 ? undefined : earlierMoment(text, window);
  if (moment !== undefined) return moment;
  throw apiError(
    "API_BAD_WATERMARK",
    window === 0
      ? `\`late_window_units\` needs a watermark in digits, which ${JSON.stringify(text)} is not`
      : `\`late_window\` needs a watermark that is a date or a time (ISO 8601), which ${JSON.stringify(text)} is not`,
    {
      hint:
        window === 0
          ? "For dates and times there is `late_window`."
          : "Leave `late_window` out, or name another `watermark_field`.",
    },
  );
}

/**
 * Notes the greatest value of the run, as the API wrote it: numbers and timestamps are compared as such, all else as text. It is never
 * moved back. The host keeps it only after the run has succeeded.
 */
export async function moveWatermark(
  params: ApiParams,
  ctx: ModContext,
  watermark: Watermark,
  spool: RowSpool,
): Promise<void> {
  const { before } = watermark;
  let high = before;
  if (spool.rows > 0) {
    const rows = spoolRows(spool, new Map([["w", "VARCHAR"]]));
    const [row] = await ctx.data.query<{ high: string | null; missing: bigint }>(sql`
      with w as (select r.w as w from ${rows} where r.w is not null ${before === undefined ? sql`` : sql`union all select ${before}`}),
      k as (select w, try_cast(w as decimal(38,9)) as number, try_cast(w as timestamptz) as moment from w)
      select case when count(*) = count(number) then arg_max(w, number) when count(*) = count(moment) then arg_max(w, moment) else max(w) end as high,
        (select count(*) from ${rows} where r.w is null) as missing
      from k`);
    high = row?.high ?? undefined;
    const missing = Number(row?.missing ?? 0);
    if (missing === spool.rows)
      throw apiError(
        "API_BAD_WATERMARK",
        `none of the ${String(missing)} records has a value at watermark_field ${String(params.watermark_field)}`,
      );
    if (missing > 0)
      ctx.result.addWarning(
        `${String(missing)} of ${String(spool.rows)} records have no ${String(params.watermark_field)}, the watermark`,
      );
  }
  if (watermark.moves && high !== undefined) ctx.state.set(watermark.key, high);
  ctx.result.addMetric("watermark", high ?? null);
}
