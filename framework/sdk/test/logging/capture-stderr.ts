/**
 * What this process writes to stderr while a test runs, instead of showing it between the results. The log writes to the stream's
 * `write`, as any program does; files and processes of the tests are real.
 */
export function captureStderr(): { text(): string; lines(): Record<string, unknown>[]; release(): void } {
  const chunks: string[] = [];
  const spy = jest.spyOn(process.stderr, "write").mockImplementation((chunk, ...rest: unknown[]) => {
    chunks.push(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8"));
    const done = rest.at(-1);
    if (typeof done === "function") (done as () => void)();
    return true;
  });
  const text = (): string => chunks.join("");
  return {
    text,
    lines: () =>
      text()
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    release: () => spy.mockRestore(),
  };
}
