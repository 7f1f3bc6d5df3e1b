import type { RunSummary } from "@datapy/sdk/ledger";
import type { TableColumn } from "../output/table.js";

/** Columns of a list of runs. */
export function runColumns(now: Date): TableColumn<RunSummary>[] {
  return [
    { title: "started", value: (run) => localTime(run.started_at, now) },
    { title: "run", value: (run) => run.run_id },
    { title: "job", value: (run) => (run.step === undefined ? run.job : `${run.job}.${run.step}`) },
    { title: "status", value: (run) => run.status },
    { title: "exit", value: (run) => (run.exit_code === undefined ? "" : String(run.exit_code)), align: "right" },
    {
      title: "time",
      value: (run) => (run.execution_time === undefined ? "" : duration(run.execution_time)),
      align: "right",
    },
    { title: "rows", value: (run) => (run.rows === undefined ? "" : run.rows.toLocaleString("en-US")), align: "right" },
    { title: "message", value: (run) => shorten(run.message ?? "") },
  ];
}

const MESSAGE_LENGTH = 80;

function shorten(message: string): string {
  return message.length > MESSAGE_LENGTH ? `${message.slice(0, MESSAGE_LENGTH - 1)}…` : message;
}

/** `2026-08-12 14:30:22` in local time; without the date when it is today's. */
export function localTime(iso: string, now: Date): string {
  const at = new Date(iso);
  const two = (value: number): string => String(value).padStart(2, "0");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  if (at.toDateString() === now.toDateString()) return time;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

/** `2.34 s`, `3m 05s`, `2h 07m`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(2)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${String(Math.floor(seconds % 60)).padStart(2, "0")}s`;
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, "0")}m`;
}
