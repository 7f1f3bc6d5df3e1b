import type { DatapyError } from "@datapy/mod-kit";
import { databaseFault } from "../../database-errors.js";

/** What node-postgres puts on an error of the server. */
interface ServerError extends Error {
  readonly code?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly where?: string;
  readonly constraint?: string;
  readonly column?: string;
}

/**
 * SQLSTATEs after which the same transaction may succeed when it is tried again: connection lost (08), serialization failure and
 * deadlock (40001, 40P01), out of memory and too many connections (53000, 53200, 53300), lock not available (55P03), server going down
 * or starting up (57P01–57P03). Not a full disk (53100) or a damaged one (58030), which a second try would make worse, nor a protocol that
 * is not spoken (08P01).
 */
const TRANSIENT = /^(?:08(?!P01)...|40001|40P01|53[023]00|55P03|57P0[123])$/;
const TRANSIENT_SYSTEM = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ETIMEDOUT",
  "EPIPE",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "ECONNABORTED",
]);

/** SQLSTATE of an error of the server; `undefined` for any other. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as ServerError | undefined)?.code;
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]+$/.test(code) ? code : undefined;
}

/** Whether trying again may help. */
export function isTransient(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return TRANSIENT.test(state);
  const code = (error as ServerError | undefined)?.code;
  if (code !== undefined && TRANSIENT_SYSTEM.has(code)) return true;
  // node-postgres gives these two no code.
  return error instanceof Error && /^(?:Connection terminated|timeout expired)/.test(error.message);
}

/** The server's own words, with its code, detail and hint, on one line. */
export function serverMessage(error: unknown): string {
  const { message, detail, hint, where } = error as ServerError;
  const state = sqlState(error);
  const place = where === undefined ? undefined : /COPY [^\n]*/.exec(where)?.[0].slice(0, 200);
  return [message, detail, hint, place, state === undefined ? undefined : `SQLSTATE ${state}`]
    .filter((part): part is string => part !== undefined && part !== "")
    .map((part) => part.replace(/\s*\n\s*/g, " ").replace(/\.$/, ""))
    .join("; ");
}

/** The error of a failed attempt to connect. */
export function connectError(error: unknown, database: string): DatapyError {
  const state = sqlState(error);
  const reason = serverMessage(error) || String(error);
  const code = (error as ServerError).code ?? "";
  if (state !== undefined && /^(?:28...|3D000|42501)$/.test(state))
    return databaseFault("DATABASE_LOGIN", { database, reason }, { cause: error });
  if (/SASL|password must be a string/i.test(reason))
    return databaseFault("DATABASE_LOGIN", { database, reason }, { cause: error });
  if (/CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO/i.test(code) || /SSL|TLS|certificate/i.test(reason)) {
    return databaseFault("DATABASE_TLS", { database, reason }, { cause: error });
  }
  return databaseFault("DATABASE_CONNECT", { database, reason }, { cause: error, retryable: isTransient(error) });
}

/** The error of a failed statement. */
export function statementError(error: unknown, database: string, doing: string): DatapyError {
  return databaseFault(
    "DATABASE_QUERY",
    { database, doing, reason: serverMessage(error) },
    { cause: error, retryable: isTransient(error) },
  );
}
