import assert from "node:assert/strict";

/** Fails with the list when it is not empty. */
export function none(found: readonly string[], message: string): void {
  if (found.length > 0) assert.fail(`${message}: ${found.join("; ")}`);
}

/**
 * Whether two JSON values are the same. Unlike `assert.deepEqual` it does not ask for one prototype: a test runner may give each test file
 * a world of its own, in which an array of node's is no `Array`.
 */
export function same(found: unknown, wanted: unknown, message: string): void {
  assert.deepEqual(plain(found), plain(wanted), message);
}

function plain(value: unknown): unknown {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}
