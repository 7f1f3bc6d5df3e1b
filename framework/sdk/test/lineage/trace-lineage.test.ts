import type { ColumnLineage } from "@datapy/mod-kit";
import { toMermaid } from "../../src/lineage/to-mermaid.js";
import { traceLineage } from "../../src/lineage/trace-lineage.js";
import type { ColumnTrace, LineageRequest } from "../../src/lineage/lineage-types.js";
import { listArtifacts } from "../../src/artifacts/artifact-list.js";
import { recordSession, sessionId, writtenFile } from "../artifacts/recorded-runs.js";
import type { RecordedRun } from "../artifacts/recorded-runs.js";
import { temporaryWorkPath } from "../support/temporary-work-path.js";

const work = temporaryWorkPath();
const TABLE = "postgresql://db:5432/shop/public.customers";

/** read → clean → load, and an export of the table by another job. */
async function record(n: number, endedAt: Date): Promise<void> {
  const table = (step: string, columns: readonly string[], lineage: ColumnLineage) => ({
    ...writtenFile(work(), n, step),
    kind: "table" as const,
    rows: 2,
    columns: columns.map((name) => ({ name, type: "VARCHAR" })),
    lineage,
  });
  const csv = `/data/in.csv`;
  const read = table("read", ["id", "first", "last", "source_file"], {
    id: [{ uri: csv, column: "ID" }],
    first: [{ uri: csv, column: "First Name" }],
    last: [{ uri: csv, column: "Last Name" }],
    source_file: [],
  });
  const clean = table("clean", ["id", "name", "loaded"], {
    id: [{ uri: read.uri, column: "id", change: "masked" }],
    name: [
      { uri: read.uri, column: "first", change: "transformation" },
      { uri: read.uri, column: "last", change: "transformation" },
    ],
    loaded: [],
  });
  const runs: RecordedRun[] = [
    { runId: `csv-reader_0000000${n}`, step: "read", reads: [csv], artifacts: [read], endedAt },
    { runId: `cleaner_0000000${n}`, step: "clean", reads: [read.uri], artifacts: [clean], endedAt },
    {
      runId: `writer_0000000${n}`,
      step: "load",
      reads: [clean.uri],
      outputs: [
        {
          uri: TABLE.replace("//", "//me:pw@"),
          rows: 2,
          columns: ["ID", "NAME", "LOADED"].map((name) => ({ name, type: "text" })),
          lineage: {
            ID: [{ uri: clean.uri, column: "id" }],
            NAME: [{ uri: clean.uri, column: "name" }],
            LOADED: [{ uri: clean.uri, column: "loaded" }],
          },
        },
      ],
      endedAt,
    },
  ];
  await recordSession(work(), n, runs);
}

function trace(request: Partial<LineageRequest> & { reference: string }) {
  return traceLineage(work(), { cwd: work(), ...request });
}

const short = ({ column, kind, dataset, other, change }: ColumnTrace): unknown[] => [
  column,
  kind,
  dataset.replace(/.*\//, ""),
  other,
  change,
];

it("goes up to the sources, by the latest run of each step", async () => {
  await record(1, new Date("2026-01-01T00:00:00Z"));
  await record(2, new Date("2026-01-02T00:00:00Z"));
  const graph = trace({ reference: "customers" });
  expect(graph.dataset).toBe(TABLE);
  expect(graph.runs.map((run) => run.run_id)).toEqual(["writer_00000002", "cleaner_00000002", "csv-reader_00000002"]);
  expect(graph.datasets.map(({ dataset, artifact }) => artifact?.key ?? dataset)).toEqual([
    TABLE,
    "output_data",
    "output_data",
    "/data/in.csv",
  ]);
  expect(trace({ reference: "customers", depth: 1 }).runs).toHaveLength(1);
});

it("answers which source columns feed a target column", async () => {
  await record(1, new Date());
  expect(trace({ reference: "public.customers", columns: true }).columns?.map(short)).toEqual([
    ["ID", "source", "in.csv", "ID", "masked"],
    ["NAME", "source", "in.csv", "First Name", "transformation"],
    ["NAME", "source", "in.csv", "Last Name", "transformation"],
    ["LOADED", "constant", "output_data.txt", "loaded", undefined],
  ]);
  const [name] = trace({ reference: "CUSTOMERS", column: "name" }).columns ?? [];
  expect(name?.through).toEqual(["writer_00000001", "cleaner_00000001", "csv-reader_00000001"]);
});

it("goes down to what is made of a file, column by column", async () => {
  await record(1, new Date());
  const graph = trace({ reference: "/data/in.csv", direction: "down", columns: true });
  expect(graph.runs.map((run) => run.step)).toEqual(["read", "clean", "load"]);
  expect(graph.columns?.map(short)).toEqual([
    ["ID", "target", "public.customers", "ID", "masked"],
    ["First Name", "target", "public.customers", "NAME", "transformation"],
    ["Last Name", "target", "public.customers", "NAME", "transformation"],
  ]);
});

it("says where a mod does not tell, and never follows a run that failed to load", async () => {
  await record(1, new Date("2026-01-01T00:00:00Z"));
  await recordSession(
    work(),
    2,
    [
      { runId: "sync_00000001", reads: [TABLE], outputs: [{ uri: "s3://lake/customers" }] },
      { runId: "sync_00000002", reads: ["/data/other.csv"], outputs: [{ uri: TABLE }], exitCode: 30 },
    ],
    { job: "sync", exitCode: 30 },
  );
  const lake = trace({ reference: "s3://lake/customers", column: "id" });
  expect(lake.columns?.map(short)).toEqual([["id", "undeclared", "customers", "id", undefined]]);
  expect(trace({ reference: TABLE }).datasets.map(({ dataset }) => dataset)).not.toContain("/data/other.csv");
  expect(trace({ reference: TABLE, direction: "both" }).runs.map((run) => run.run_id)).toContain("sync_00000001");
});

it("ends where a run reads what it writes", async () => {
  await recordSession(work(), 1, [
    {
      runId: "m_00000001",
      reads: [TABLE],
      outputs: [{ uri: TABLE, lineage: { id: [{ uri: TABLE, column: "id", change: "aggregation" }] } }],
    },
  ]);
  expect(trace({ reference: "customers", columns: true, direction: "both" }).runs).toHaveLength(1);
});

it("finds artifacts in each of their ways, and says what it cannot find", async () => {
  await record(1, new Date());
  const [artifact] = listArtifacts(work(), { step: "clean" });
  for (const reference of [artifact!.id, artifact!.path, "clean/output_data", `${sessionId(1)}/clean/output_data`])
    expect(trace({ reference }).dataset).toBe(artifact!.path);
  const code = (request: Parameters<typeof trace>[0]): string => {
    try {
      trace(request);
      return "";
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  expect(code({ reference: "custmers" })).toBe("DATAPY_DATASET_UNKNOWN");
  expect(code({ reference: "customers", column: "nam" })).toBe("DATAPY_COLUMN_UNKNOWN");
  await recordSession(work(), 3, [
    { runId: "m_00000009", outputs: [{ uri: "postgresql://other/x/public.customers" }] },
  ]);
  expect(code({ reference: "customers" })).toBe("DATAPY_DATASET_AMBIGUOUS");
});

it("draws a diagram in which no name can break out of its box", async () => {
  await recordSession(work(), 1, [
    { runId: "m_00000001", step: 'say "hi"', reads: ["/data/a]b;#`.csv"], outputs: [{ uri: TABLE }] },
  ]);
  const mermaid = toMermaid(trace({ reference: "customers", columns: true }));
  expect(mermaid.split("\n")).toEqual([
    "flowchart LR",
    `  d0[("${TABLE}")]`,
    '  d1[("a]b;#35;#96;.csv")]',
    '  r0(["nightly: say #34;hi#34;"])',
    "  d1 --> r0",
    "  r0 --> d0",
    "  style d0 stroke-width:3px",
  ]);
});
