import type { DatapyError } from "@datapy/mod-kit";

/** A fault in a few lines: code, message, place, what to do. */
export function faultText({ code, message, location, hint }: DatapyError): string {
  const place = [location?.file, location?.line, location?.column].filter((part) => part !== undefined).join(":");
  return [`${code}: ${message}`, ...(place === "" ? [] : [`at ${place}`]), ...(hint === undefined ? [] : [hint])].join(
    "\n",
  );
}
