export { Type } from "./typebox.js";
export type { Static, TObject, TProperties, TSchema } from "@sinclair/typebox";
export { CONTRACT_VERSION, MOD_BRAND, isModDefinition } from "./contract.js";
export type { ModCategory, ModMetadata } from "./metadata.js";
export { MetadataSchema } from "./metadata.js";
export { defineMod } from "./define-mod.js";
export type {
  ArtifactDeclaration,
  ArtifactDeclarations,
  Guess,
  GuessDefinition,
  ModDefinition,
  ModInput,
  ReplayRequest,
} from "./define-mod.js";
export { Artifact, ByteSize, Duration, Path, Secret, SEMANTIC_KEYWORD } from "./schema.js";
export type { ArtifactOptions, ParameterSemantics, PathOptions } from "./schema.js";
export { ident, isSql, join, literal, raw, renderSql, sql, table } from "./sql.js";
export type { RenderedSql, Sql, SqlDialect, SqlPart, SqlValue } from "./sql.js";
export { DatapyError, isDatapyError } from "./datapy-error.js";
export type { DatapyErrorInput, SourceLocation, TextPosition } from "./datapy-error.js";
export { EnvelopeSchema, EXIT_CODES, JobEnvelopeSchema, ScriptEnvelopeSchema } from "./envelope.js";
export type { Envelope, EnvelopeLogs, ErrorEnvelope, ErrorExitCode, ExitCode, SuccessEnvelope } from "./envelope.js";
export type {
  ArtifactKeys,
  ArtifactStore,
  Column,
  ColumnLineage,
  ColumnSource,
  DataContext,
  DataSandbox,
  DatasetUse,
  EarlierRun,
  FileArtifact,
  HistoryOptions,
  ModContext,
  ModLogger,
  PendingFile,
  ResultBuilder,
  RowBatch,
  RunContext,
  SandboxParameters,
  SandboxQuery,
  StateStore,
  TableArtifact,
} from "./context.js";
export { rowMarks } from "./row-marks.js";
export type { RowMarks } from "./row-marks.js";
export { rowNumber } from "./row-number.js";
export { isKnownType, strictCast } from "./strict-cast.js";
export type { CastTarget, StrictCast } from "./strict-cast.js";
export { closestName } from "./closest-name.js";
export { missingFileHint } from "./missing-file-hint.js";
