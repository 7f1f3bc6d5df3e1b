import { duckdbError, fileError } from "../../src/data/duckdb-error.js";

// A disk that is full and a file without rights are not to be had on every machine that runs the tests (root may do everything), so that
// the errors are made as the operating system and DuckDB make them.
const systemError = (code: string): Error => Object.assign(new Error(`${code}: no, write '/x/1.tmp'`), { code });

test.each([
  ["ENOSPC", "DATAPY_DISK_FULL", "the disk is full: /x/orders.parquet could not be written"],
  ["EDQUOT", "DATAPY_DISK_FULL", "the disk is full: /x/orders.parquet could not be written"],
  ["EACCES", "DATAPY_FILE_DENIED", "a file cannot be read or written: /x/orders.parquet: this user has no right to it"],
  [
    "EROFS",
    "DATAPY_FILE_DENIED",
    "a file cannot be read or written: /x/orders.parquet: the file system can only be read",
  ],
  ["ENOENT", "DATAPY_FILE_FAILED", "/x/orders.parquet cannot be used: there is no such file or folder"],
  ["EIO", "DATAPY_FILE_FAILED", "/x/orders.parquet cannot be used: the disk reports a fault"],
])("%s names the file and not the system call", (code, expected, message) => {
  expect(fileError(systemError(code), "/x/orders.parquet")).toMatchObject({ code: expected, message });
});

test.each([
  ['IO Error: Could not write file "/x/a.parquet": No space left on device', "DATAPY_DISK_FULL"],
  ['IO Error: Cannot open file "/x/a.csv": Permission denied', "DATAPY_FILE_DENIED"],
  ["Out of Memory Error: could not allocate block of size 256.0 KiB", "DATAPY_DATA_OUT_OF_MEMORY"],
])("DuckDB's %s", (text, code) => {
  expect(duckdbError(new Error(text))).toMatchObject({ code });
});

test("the statement that DuckDB quotes is left out: nobody who runs a mod has written it", () => {
  const text =
    'Catalog Error: Table with name orders does not exist!\nDid you mean "order"?\n\nLINE 1: DESCRIBE select * from orders\n                               ^';
  expect(duckdbError(new Error(text)).message).toBe(
    'a statement failed: Catalog Error: Table with name orders does not exist! Did you mean "order"?',
  );
});

test("a table that was given and is none is bad input, and no failed statement", () => {
  const line = "\n\nLINE 1: DESCRIBE select * from read_parquet('/x/a', hive_partitioning = false...\n   ^";
  expect(duckdbError(new Error(`IO Error: No files found that match the pattern "/x/a"${line}`))).toMatchObject({
    code: "DATAPY_TABLE_UNREADABLE",
    exitCode: 20,
    message: "/x/a is not a table that can be read: there is no such file",
  });
  expect(
    duckdbError(new Error(`Invalid Input Error: No magic bytes found at end of file '/x/a'${line}`)),
  ).toMatchObject({
    code: "DATAPY_TABLE_UNREADABLE",
    message: "/x/a is not a table that can be read: it is no Parquet file, or a damaged one",
  });
});
