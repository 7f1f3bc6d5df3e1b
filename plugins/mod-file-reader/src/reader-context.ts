import type { ModContext } from "@datapy/mod-kit";

export const artifacts = {
  output_data: {
    kind: "table",
    description: "The rows, typed. Not made when the files have neither rows nor columns",
    optional: true,
  },
  quarantine: {
    kind: "table",
    description: "Damaged rows: source_file, line, byte_offset, column, reason, raw",
    optional: true,
  },
} as const;

/** What a run gets. */
export type ReaderContext = ModContext<typeof artifacts>;
