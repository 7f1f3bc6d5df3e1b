/** How records are written. Texts are Latin-1: one character stands for one byte. */
export interface Dialect {
  /** 1 to 4 bytes. */
  readonly delimiter: string;
  /** One byte, or empty for none. */
  readonly quote: string;
  /** One byte, or empty for none; equal to `quote` when quotes are doubled. */
  readonly escape: string;
  readonly comment: string;
  /** Line ends (LF or CRLF), CR alone, or any of the three. */
  readonly terminator: "lines" | "returns" | "any";
}

/** A record of a sample. */
export interface SampleRecord {
  readonly fields: readonly string[];
  /** Whether each field was quoted. */
  readonly quoted: readonly boolean[];
  /** Byte offset in the sample, and of what comes after the record. */
  readonly from: number;
  readonly to: number;
  /** Physical lines from the sample's start, counted from 0. */
  readonly line: number;
  /** Quoting is broken: `fields` is the physical line, cut at every delimiter. */
  readonly broken: boolean;
  /** Nothing on the line. */
  readonly blank: boolean;
}
