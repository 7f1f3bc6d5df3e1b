import fc from "fast-check";
import { evaluateCondition } from "../../src/jobs/conditions/evaluate-condition.js";
import { ConditionError, asksForStatus, parseCondition } from "../../src/jobs/conditions/parse-condition.js";

const VALUES: Readonly<Record<string, unknown>> = {
  "${mods.read.metrics.rows_output}": 12,
  "${env.LIMIT}": "12",
  "${globals.mode}": "full",
  "${globals.days}": ["Mo", "Tu"],
  "${globals.on}": true,
  "${env.ON}": "true",
  "${globals.nothing}": null,
};

function holds(text: string): boolean {
  return evaluateCondition(parseCondition(text), {
    value: ({ raw }) => VALUES[raw],
    status: (question, step) => `${question} ${step ?? "needs"}` === "failed load" || question === "succeeded",
  });
}

test.each([
  ["${mods.read.metrics.rows_output} > 0", true],
  ["${mods.read.metrics.rows_output} >= ${env.LIMIT}", true],
  ["${mods.read.metrics.rows_output} == ${env.LIMIT}", true],
  ["${mods.read.metrics.rows_output} != 12", false],
  ["${globals.mode} == 'full'", true],
  ['${globals.mode} == "part" or ${globals.on}', true],
  ["not ${globals.on} || false", false],
  ["!(${globals.on} && false)", true],
  ["${globals.mode} in ['full', 'part']", true],
  ["${globals.mode} not in ['part']", true],
  ["'Mo' in ${globals.days}", true],
  ["${globals.mode} in []", false],
  ["${env.ON}", true],
  ["${globals.nothing} == null", true],
  ["failed(load) and not failed(other)", true],
  ["failed()", false],
  ["succeeded()", true],
  ["'2026-01-02' > '2026-01-01'", true],
  ["1 < 2 and 2 < 10 and -1 < 0.5", true],
  ["true or ${globals.mode} > 3", true],
  ["'a' == 'a' == true", undefined],
])("%s is %s", (text, expected) => {
  if (expected === undefined) expect(() => holds(text)).toThrow(ConditionError);
  else expect(holds(text)).toBe(expected);
});

test.each([
  ["", "missing"],
  ["${globals.mode} =", "not understood"],
  ["${globals.mode} == full", "stands in quotes"],
  ["(true", ") is missing"],
  ["true true", "not expected"],
  ["'abc", "has no end"],
  ["process.exit()", "neither a reference nor a value"],
  ["${globals.mode}", "not true or false"],
  ["${globals.days} > 1", "no order"],
  ["1 in 2", "not a list"],
  [`${"(".repeat(60)}true${")".repeat(60)}`, "nested"],
])("refuses %s", (text, message) => {
  expect(() => holds(text)).toThrow(message);
});

test("tells whether the status of steps is asked for", () => {
  expect(asksForStatus(parseCondition("${globals.on} and not skipped(load)"))).toBe(true);
  expect(asksForStatus(parseCondition("'failed' == ${globals.mode}"))).toBe(false);
});

test("no text makes it fail in another way, or go on for ever", () => {
  const words = fc.constantFrom(
    "and",
    "or",
    "not",
    "in",
    "(",
    ")",
    "[",
    "]",
    ",",
    "==",
    "<",
    "'",
    "${globals.mode}",
    "1",
    "true",
    "failed(",
    "x",
    " ",
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 20 }), (parts) => {
      try {
        holds(parts.join(" "));
      } catch (error) {
        expect(error).toBeInstanceOf(ConditionError);
      }
    }),
  );
});
