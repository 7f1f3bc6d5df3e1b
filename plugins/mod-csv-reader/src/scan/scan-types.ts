/** What the scanner checks of one column. */
export interface ScanColumn {
  /** `KIND.none`: infer; `KIND.text`: take as text; past 20: check that values are of this type. */
  readonly kind: number;
  readonly a: number;
  readonly b: number;
  readonly min: bigint;
  readonly max: bigint;
  /** strptime pattern of `KIND.declaredFormat`. */
  readonly format?: string;
}

/** All that the scanner needs to know of a file. Structured-clonable: it is sent to worker threads. */
export interface ScanSpec {
  /** 1 to 4 bytes. */
  readonly delimiter: readonly number[];
  /** Byte, or -1 for none. */
  readonly quote: number;
  readonly escape: number;
  readonly comment: number;
  /** A byte that no field may begin with, because the file is read as having no quotes; -1 for none. */
  readonly suspectQuote: number;
  readonly terminator: number;
  readonly columns: readonly ScanColumn[];
  /** Texts that mean NULL, other than the empty one. */
  readonly nullTexts: readonly string[];
  readonly emptyIsNull: boolean;
  readonly quotedNulls: boolean;
  readonly trailingDelimiter: boolean;
  readonly aggressive: boolean;
  /** Write good records out again, in the plain dialect that {@link "../output/duckdb-source"} reads. */
  readonly emit: boolean;
  /** Names that, as the values of a record, make it a repeated header. Empty: not checked. */
  readonly header: readonly string[];
  readonly maxRecordBytes: number;
}

/** Where a value stands in the file. Lines count from 1. */
export interface ValuePlace {
  readonly offset: number;
  readonly line: number;
  readonly length: number;
}

/** What was seen in a column. */
export interface ColumnSeen {
  readonly kind: number;
  readonly nulls: number;
  readonly values: number;
  readonly intDigits: number;
  readonly scale: number;
  readonly flags: number;
  readonly typed: number;
  readonly misses: number;
  /** Kind before the column became text. */
  readonly prior: number;
  readonly first?: ValuePlace;
  readonly offending?: ValuePlace;
}

/** Counts over records. */
export interface ScanCounts {
  readonly records: number;
  readonly blanks: number;
  readonly comments: number;
  readonly lf: number;
  readonly crlf: number;
  readonly cr: number;
  readonly quotedBreaks: number;
  readonly unended: number;
  readonly loneEmpty: number;
  /** Bytes of the longest good record. */
  readonly longest: number;
  /** Its line. */
  readonly longestLine: number;
}

/** A record that is not sound. Offsets are bytes from the beginning of the (decoded) file. */
export interface BadRecord {
  readonly from: number;
  readonly to: number;
  /** Where the scan went on. */
  readonly next: number;
  readonly line: number;
  readonly lines: number;
  readonly reason: number;
  /** Index of the column, or -1. */
  readonly column: number;
  readonly valueFrom: number;
  readonly valueTo: number;
  readonly found: number;
}

/** What one piece of a file gave. Line numbers count from 0 at its start. */
export interface PieceSeen {
  readonly start: number;
  readonly end: number;
  readonly lines: number;
  readonly counts: ScanCounts;
  readonly columns: readonly ColumnSeen[];
  readonly bad: readonly BadRecord[];
  readonly output: readonly Uint8Array[];
  /** Line (from 0) and offset of a record longer than `maxRecordBytes`. */
  readonly tooLong?: { readonly line: number; readonly offset: number };
}
