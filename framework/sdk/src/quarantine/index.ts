export { findQuarantine, listQuarantines } from "./quarantine-list.js";
export type { QuarantineEntry, QuarantineFilter } from "./quarantine-list.js";
export { numberedRows, quarantineReasons } from "./quarantine-rows.js";
export type { QuarantineReason } from "./quarantine-rows.js";
export { replayQuarantine } from "./replay-quarantine.js";
export type { QuarantineReplay, QuarantineReplayRequest } from "./replay-quarantine.js";
