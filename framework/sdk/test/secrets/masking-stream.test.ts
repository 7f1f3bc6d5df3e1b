import { spawnSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { createMasker } from "../../src/secrets/masker.js";
import { TextMasker, createMaskingStream } from "../../src/secrets/masking-stream.js";
import { maskProcessOutput } from "../../src/secrets/mask-process-output.js";

const secret = "hunter2-with-é-and-\u{1F600}";

function cut(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

async function through(chunks: readonly Buffer[]): Promise<string> {
  const masker = createMasker();
  masker.add(secret);
  const stream = createMaskingStream(masker);
  const out: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => out.push(chunk));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await new Promise((resolve) => stream.on("end", resolve));
  return Buffer.concat(out).toString();
}

describe("a stream", () => {
  test("masks a secret however it is cut, in the middle of a character too", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(200), { maxLength: 12 }),
        fc.string(),
        fc.string(),
        async (places, before, after) => {
          const text = `${before} ${secret}${secret} é ${encodeURIComponent(secret)}\n${after}`.replace(
            /[\ud800-\udfff]/gu,
            "?",
          );
          const whole = createMasker();
          whole.add(secret);
          expect(await through(cut(text, places))).toBe(whole.mask(text));
        },
      ),
      { numRuns: 300 },
    );
  });

  test("holds nothing back that cannot be the beginning of a secret", () => {
    const masker = createMasker();
    masker.add(secret);
    const text = new TextMasker(masker);
    expect(text.push("done 10 of 12\n")).toBe("done 10 of 12\n");
    expect(text.push(" hunt")).toBe(" ");
    expect(text.push("ing season\n")).toBe("hunting season\n");
    expect(text.push("end hunter")).toBe("end ");
    expect(text.flush()).toBe("hunter");
  });

  test("a secret that is added later is masked from then on", () => {
    const masker = createMasker();
    const text = new TextMasker(masker);
    expect(text.push("hunter2!")).toBe("hunter2!");
    masker.add("hunter2!");
    expect(text.push("hunter2!")).toBe("***");
  });
});

describe("the output of a process", () => {
  test("is masked on both streams, split writes, other encodings and console included, and loses nothing", () => {
    const run = spawnSync(process.execPath, [join(__dirname, "fixtures/print-secrets.cjs")], {
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: "", SECRET: "hunter2-secret-word" },
    });
    expect(run.status).toBe(0);
    expect(run.stdout).toBe("plain ***\nsplit ***.\nbytes ***\nhex ***\nobject { password: '***' }\nlast hunt");
    expect(run.stderr).toContain("Error: cannot use ***");
    expect(run.stdout + run.stderr).not.toContain("hunter2");
  });

  test("returns to what it was", () => {
    const own = Object.getOwnPropertyDescriptor(process.stdout, "write");
    const before = process.stdout.write;
    maskProcessOutput(createMasker()).end();
    expect(process.stdout.write).toBe(before);
    expect(Object.getOwnPropertyDescriptor(process.stdout, "write")).toEqual(own);
  });
});
