// A mod that uses every part of the contract.
import type { TArray } from "@sinclair/typebox";
import type {
  ArtifactDeclarations,
  ArtifactKeys,
  Envelope,
  ModContext,
  ModDefinition,
  Static,
  TObject,
} from "../../../src/index.js";
import {
  Artifact,
  ByteSize,
  DatapyError,
  defineMod,
  Duration,
  ident,
  Path,
  Secret,
  sql,
  table,
  Type,
} from "../../../src/index.js";

const mod = defineMod({
  metadata: {
    name: "whole-mod",
    version: "1.2.3",
    description: "Uses every part of the contract",
    author: "Tests",
    tags: ["test"],
    category: "transformer",
  },
  params: Type.Object({
    input_artifact: Artifact(),
    output_path: Type.Optional(Path({ access: "write" })),
    token: Secret(),
    wait: Duration({ default: "30s" }),
    part_size: ByteSize({ default: "8MiB" }),
    columns: Type.Array(Type.String()),
  }),
  artifacts: {
    output_data: { kind: "table", description: "Rows" },
    report: { kind: "file", description: "Page", optional: true },
  },
  async check(params, ctx) {
    const response = await ctx.fetch(`https://example.invalid/${params.token}`);
    if (!response.ok) throw new DatapyError({ code: "WHOLE_NOT_REACHED", message: "not reached", retryable: true });
  },
  async run(params, ctx): Promise<Envelope> {
    const wait: number = params.wait;
    const size: number = params.part_size;
    const output: string | undefined = params.output_path;
    ctx.log.info("started", { wait, size, output });
    const written = await ctx.data.writeTable(
      "output_data",
      sql`select ${ident(params.columns[0] ?? "id")} from ${table(params.input_artifact)} where id > ${1n}`,
    );
    const file = await ctx.artifacts.createFile("report", ".html");
    await file.commit();
    for await (const batch of ctx.data.batches(sql`from ${table(written)}`))
      ctx.progress(batch.rows, written.rows, "rows");
    const [first] = await ctx.data.query<{ n: bigint }>(sql`select count(*) as n from ${table(written)}`);
    ctx.state.set("last", first?.n ?? 0n);
    ctx.result.addMetric("rows_output", written.rows);
    return ctx.signal.aborted ? ctx.result.error(50) : ctx.result.success();
  },
});

/** A function that takes any mod's context takes this one's. */
export function rowsOf(ctx: ModContext): Promise<RowCount[]> {
  return ctx.data.query<RowCount>(sql`select 1 as n`);
}
type RowCount = { n: number };
type MyContext = Parameters<typeof mod.run>[1];
export const rowsOfMine = (ctx: MyContext): Promise<RowCount[]> => rowsOf(ctx);
/** A function over mods keeps their types. */
export function parametersOf<Params extends TObject, Artifacts extends ArtifactDeclarations>(
  one: ModDefinition<Params, Artifacts>,
): Params {
  return one.params;
}
export const columns: TArray = parametersOf(mod).properties.columns;
/** Keys are sorted out by kind. */
export const tableKey: ArtifactKeys<(typeof mod)["artifacts"], "table"> = "output_data";
export const fileKey: ArtifactKeys<(typeof mod)["artifacts"], "file"> = "report";
export type Params = Static<(typeof mod)["params"]>;
export default mod;
