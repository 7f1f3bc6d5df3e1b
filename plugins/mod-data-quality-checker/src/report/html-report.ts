import type { Outcome } from "../checks/outcome.js";
import { percent, plain } from "../checks/outcome.js";
import type { ColumnProfile } from "../profile.js";
import { escapeHtml as h } from "./html-text.js";
import type { QualityReport } from "./quality-report.js";
import { histogramPlot, historyPlot, valuesPlot } from "./svg-plot.js";

const STYLE = `
:root{color-scheme:light dark;--ink:#1d2530;--soft:#5b6675;--line:#d8dde4;--paper:#fff;--panel:#f6f7f9;--bar:#4c78a8;--good:#1a7f4b;--bad:#b3261e;--warn:#946200}
@media(prefers-color-scheme:dark){:root{--ink:#e4e8ee;--soft:#9aa5b4;--line:#39424e;--paper:#14181e;--panel:#1c222a;--bar:#79a7d9;--good:#59c08a;--bad:#ff8a80;--warn:#e2b04a}}
*{box-sizing:border-box}body{margin:0 auto;max-width:1120px;padding:24px 20px 48px;background:var(--paper);color:var(--ink);font:14px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;overflow-wrap:anywhere}
h1{font-size:24px;margin:0 0 4px}h2{font-size:17px;margin:32px 0 12px}h3{font-size:15px;margin:0}.soft{color:var(--soft)}
.facts{display:flex;flex-wrap:wrap;gap:12px;margin:20px 0 0}.fact{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:10px 16px;min-width:120px}.fact b{display:block;font-size:22px;line-height:1.2}
table{border-collapse:collapse;width:100%}th{text-align:left;font-weight:600;color:var(--soft)}th,td{padding:7px 10px;border-bottom:1px solid var(--line);vertical-align:top}
td:nth-child(2){min-width:200px}td:nth-child(3){width:32%}
.passed{color:var(--good)}.failed{color:var(--bad)}.warned{color:var(--warn)}.skipped{color:var(--soft)}.state{font-weight:600;white-space:nowrap}
.columns{display:grid;grid-template-columns:repeat(auto-fill,minmax(350px,1fr));gap:14px}.column{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:14px;min-width:0}
.column dl{display:grid;grid-template-columns:auto 1fr;gap:1px 12px;margin:8px 0 12px}.column dt{color:var(--soft)}.column dd{margin:0;text-align:right}.missing{height:5px;border-radius:3px;background:var(--line);margin-top:8px;overflow:hidden}.missing i{display:block;height:100%;background:var(--bar)}
svg{max-width:100%;height:auto;display:block;font:11px system-ui,sans-serif}svg text{fill:var(--ink)}svg .end{text-anchor:end}svg .count{fill:var(--soft)}svg .bar{fill:var(--bar)}svg .axis{stroke:var(--line)}svg .line{fill:none;stroke:var(--soft);stroke-width:1.5}svg .good{fill:var(--good)}svg .bad{fill:var(--bad)}
@media print{.column{break-inside:avoid}}`;

/** The report as one page that needs nothing from outside and runs no script. */
export function htmlReport(report: QualityReport): string {
  const { profile, expectations, summary } = report;
  const verdict =
    summary.failed > 0
      ? ["failed", "Failed"]
      : summary.warned > 0
        ? ["warned", "Passed with warnings"]
        : ["passed", "Passed"];
  const facts: readonly (readonly [string, string, string])[] = [
    [verdict[1] ?? "", "result", verdict[0] ?? ""],
    [String(profile.rows), "rows", ""],
    [String(profile.columns.length + profile.left_out), "columns", ""],
    [`${String(summary.passed)} of ${String(expectations.length)}`, "expectations met", ""],
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${h(report.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${h(report.title)}</h1>
<div class="soft">${h(report.source)}<br>${h(report.created_at)} · run ${h(report.run_id)}</div>
<div class="facts">${facts.map(([value, label, kind]) => `<div class="fact ${kind}"><b>${h(value)}</b>${h(label)}</div>`).join("")}</div>
<h2>Expectations</h2>
${expectations.length === 0 ? '<p class="soft">None were given; this is a profile alone.</p>' : expectationTable(expectations)}
<h2>Columns</h2>
${profile.left_out > 0 ? `<p class="soft">${String(profile.left_out)} further columns are not profiled.</p>` : ""}
<div class="columns">${profile.columns.map(columnPanel).join("\n")}</div>
</body>
</html>
`;
}

function expectationTable(outcomes: readonly Outcome[]): string {
  // What needs attention first.
  const rank = (one: Outcome): number => (one.status === "failed" ? (one.severity === "error" ? 0 : 1) : 2);
  const rows = outcomes
    .toSorted((a, b) => rank(a) - rank(b))
    .map((one) => {
      const state = one.status === "failed" && one.severity === "warn" ? "warned" : one.status;
      const text = { passed: "✓ met", failed: "✗ not met", warned: "! not met (warn)", skipped: "– skipped" }[state];
      const plot =
        one.history !== undefined && one.history.length > 0 && one.value !== undefined
          ? historyPlot(
              one.history,
              one.value,
              one.status === "failed",
              `${one.name}: ${[...one.history, one.value].map(plain).join(", ")}`,
            )
          : "";
      return `<tr><td class="state ${state}">${text}</td><td><b>${h(one.name)}</b><br><span class="soft">${h(one.check)}</span></td><td>${h(one.expected)}</td><td>${h(one.observed)}${plot}</td></tr>`;
    });
  return `<table><thead><tr><th>Result</th><th>Expectation</th><th>Expected</th><th>Found</th></tr></thead><tbody>${rows.join("\n")}</tbody></table>`;
}

function columnPanel(column: ColumnProfile): string {
  const facts: [string, string][] = [
    ["missing", column.missing === 0 ? "none" : `${String(column.missing)} (${percent(column.missing_fraction)})`],
    ["distinct", String(column.distinct)],
  ];
  const add = (label: string, value: string | number | null | undefined): void => {
    if (value !== null && value !== undefined)
      facts.push([label, typeof value === "number" ? String(Number(value.toPrecision(6))) : value]);
  };
  add("least", column.min);
  add("greatest", column.max);
  add("mean", column.mean);
  add("deviation", column.stddev);
  if (column.quartiles !== null)
    add(
      "quartiles",
      column.quartiles.map((one) => (one === null ? "–" : String(Number(one.toPrecision(6))))).join(" · "),
    );
  if (column.min_length !== null) add("length", `${String(column.min_length)} to ${String(column.max_length)}`);
  const there = ((1 - column.missing_fraction) * 100).toFixed(2);
  const plot =
    column.histogram !== null
      ? histogramPlot(column.histogram, `Histogram of ${column.name}`)
      : column.top_values !== null && column.top_values.length > 0
        ? valuesPlot(column.top_values, `Most frequent values of ${column.name}`)
        : "";
  return `<section class="column"><h3>${h(column.name)}</h3><span class="soft">${h(column.type)}</span><div class="missing" title="${there} % there"><i style="width:${there}%"></i></div><dl>${facts.map(([label, value]) => `<dt>${h(label)}</dt><dd>${h(value)}</dd>`).join("")}</dl>${plot}</section>`;
}
