import { parseTimeout } from "../../src/run/parse-timeout.js";

test.each([
  ["90", 90_000],
  ["0.5", 500],
  ["500ms", 500],
  ["5s", 5_000],
  ["1h 30m", 5_400_000],
  [" 2d ", 172_800_000],
])("%s", async (text, milliseconds) => {
  await expect(parseTimeout(text)).resolves.toBe(milliseconds);
});

test.each(["", "0", "0s", "-5", "soon", "5 parsecs", "1e3", "Infinity", "5s3", "NaN"])(
  "%j is refused",
  async (text) => {
    await expect(parseTimeout(text)).rejects.toMatchObject({ code: "DATAPY_CLI_BAD_FLAG", exitCode: 20 });
  },
);
