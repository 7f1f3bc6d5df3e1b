import { paintFor } from "../../src/output/paint.js";
import { renderTable } from "../../src/output/table.js";

const COLUMNS = [
  { title: "name", value: (row: readonly string[]) => row[0] ?? "" },
  { title: "rows", value: (row: readonly string[]) => row[1] ?? "", align: "right" as const },
  { title: "description", value: (row: readonly string[]) => row[2] ?? "" },
];
const plain = paintFor(process.stdout);
const render = (rows: readonly (readonly string[])[], width?: number): string[] =>
  renderTable(COLUMNS, rows, { width, paint: plain }).split("\n");

test("cells are whole and aligned where the output is no terminal", () => {
  const long = "word ".repeat(60).trim();
  expect(
    render([
      ["a", "5", long],
      ["longer", "12", "short"],
    ]),
  ).toEqual(["NAME    ROWS  DESCRIPTION", `a          5  ${long}`, "longer    12  short"]);
});

test("a narrow terminal wraps the widest column between words", () => {
  const text = "reads files of any kind into tables, and says what it could not read";
  expect(render([["name", "1", text]], 52)).toEqual([
    "NAME  ROWS  DESCRIPTION",
    "name     1  reads files of any kind into tables, and",
    "            says what it could not read",
  ]);
});

test("a text that would become too narrow goes below, as wide as the terminal", () => {
  expect(
    render(
      [
        ["name", "1", "reads files of any kind"],
        ["other", "2", "b"],
      ],
      24,
    ),
  ).toEqual(["NAME   ROWS", "name      1", "    reads files of any", "    kind", "other     2", "    b"]);
});

test("a word that is too long alone is broken", () => {
  expect(render([["n", "1", "x".repeat(50)]], 52)).toEqual([
    "NAME  ROWS  DESCRIPTION",
    `n        1  ${"x".repeat(40)}`,
    `            ${"x".repeat(10)}`,
  ]);
});

test("a long name is broken behind a sign that joins its parts", () => {
  expect(render([["daily_customer_etl.load_viewings", "1", ""]], 36).slice(1)).toEqual([
    "daily_customer_       1",
    "etl.load_viewings",
  ]);
});

test("a text goes below its row also where the row itself is wrapped; what is short keeps its title above", () => {
  const name = "database-writer of the daily job, and its step";
  const text = "21 of 3149 rows break a rule and were set aside";
  expect(render([[name, "1", text]], 40)).toEqual([
    "NAME                                ROWS",
    "database-writer of the daily job,      1",
    "and its step",
    "    21 of 3149 rows break a rule and",
    "    were set aside",
  ]);
  expect(render([[name, "1", "auto (default)"]], 40)[0]).toMatch(/^NAME +ROWS {2}DESCRIPTION$/);
});

test("wide characters take two cells", () => {
  expect(
    render([
      ["読込", "1", "a"],
      ["ab", "2", "b"],
    ]),
  ).toEqual(["NAME  ROWS  DESCRIPTION", "読込     1  a", "ab       2  b"]);
});

test("line ends become spaces, and nothing can steer the terminal", () => {
  expect(render([["a\u001b[31m", "1", "two\nlines\u0007"]])).toEqual([
    "NAME    ROWS  DESCRIPTION",
    "a�[31m     1  two lines�",
  ]);
});

test("titles alone are printed for no rows", () => {
  expect(render([])).toEqual(["NAME  ROWS  DESCRIPTION"]);
});
