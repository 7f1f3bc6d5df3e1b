import type { DataContext, ModContext } from "@datapy/mod-kit";

/** The part of a run's context that the reader uses. */
export type CsvContext = Pick<ModContext, "log" | "result" | "signal" | "progress"> & {
  readonly data: DataContext<"output_data" | "quarantine">;
};
