/** `bytes` random bytes in hexadecimal. Unguessable they need not be, so that `node:crypto` need not be loaded (5 ms). */
export function randomHex(bytes: number): string {
  return Array.from({ length: bytes }, () =>
    Math.floor(Math.random() * 256)
      .toString(16)
      .padStart(2, "0"),
  ).join("");
}

/** A random UUID (version 4). */
export function randomUuid(): string {
  const hex = randomHex(16);
  const variant = "89ab"[Math.floor(Math.random() * 4)] ?? "8";
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join("-");
}
