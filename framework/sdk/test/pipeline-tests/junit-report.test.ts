import { junitReport } from "../../src/pipeline-tests/junit-report.js";

it("writes XML that no name and no message can break", () => {
  const odd = `<a href="x">'&\u0000\ud800\n`;
  const base = { file: odd, name: odd, updated: [], execution_time: 1.5 };
  const xml = junitReport(
    {
      exit_code: 30,
      tests: [
        { ...base, status: "passed", failures: [] },
        { ...base, status: "failed", failures: [odd, "second"] },
        { ...base, status: "skipped", failures: [], reason: odd },
      ],
    },
    (file) => file,
  );
  const escaped = "&#60;a href=&#34;x&#34;&#62;&#39;&#38;\ufffd\ufffd&#10;";
  expect(xml).toContain(`<testsuite name="${escaped}" tests="3" failures="1" errors="0" skipped="1" time="4.500">`);
  expect(xml).toContain(`<skipped message="${escaped}"/>`);
  expect(xml.match(/</g)).toHaveLength(13);
});
