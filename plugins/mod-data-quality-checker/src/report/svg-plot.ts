import type { Bar } from "../profile.js";
import { escapeHtml } from "./html-text.js";

const WIDTH = 320;
const HEIGHT = 96;
const ROW = 18;
const LABEL_CHARACTERS = 22;

/** Bars over a scale, with its ends below. */
export function histogramPlot(bars: readonly Bar[], title: string): string {
  const most = Math.max(1, ...bars.map((bar) => bar.count));
  const width = WIDTH / bars.length;
  const columns = bars.map((bar, index) => {
    // What is there at all stays visible.
    const height = bar.count === 0 ? 0 : Math.max(1.5, (bar.count / most) * HEIGHT);
    return `<rect class="bar" x="${fixed(index * width + 0.5)}" y="${fixed(HEIGHT - height)}" width="${fixed(Math.max(1, width - 1))}" height="${fixed(height)}"><title>${escapeHtml(`${bar.label}: ${String(bar.count)}`)}</title></rect>`;
  });
  const first = bars[0]?.label.split(" – ")[0] ?? "";
  const last = bars.at(-1)?.label.split(" – ").at(-1) ?? "";
  return svg(WIDTH, HEIGHT + 18, title, [
    ...columns,
    `<line class="axis" x1="0" y1="${String(HEIGHT)}" x2="${String(WIDTH)}" y2="${String(HEIGHT)}"/>`,
    `<text x="0" y="${String(HEIGHT + 13)}">${escapeHtml(first)}</text>`,
    ...(bars.length > 1
      ? [`<text class="end" x="${String(WIDTH)}" y="${String(HEIGHT + 13)}">${escapeHtml(last)}</text>`]
      : []),
  ]);
}

/** Values with bars beside them. */
export function valuesPlot(bars: readonly Bar[], title: string): string {
  const most = Math.max(1, ...bars.map((bar) => bar.count));
  const rows = bars.map((bar, index) => {
    const y = index * ROW;
    const width = Math.max(1.5, (bar.count / most) * (WIDTH - 210));
    const label = bar.label === "" ? "(empty)" : bar.label;
    return [
      `<text x="0" y="${String(y + 13)}">${escapeHtml(cut(label))}<title>${escapeHtml(label)}</title></text>`,
      `<rect class="bar" x="150" y="${String(y + 3)}" width="${fixed(width)}" height="${String(ROW - 6)}"/>`,
      `<text class="count" x="${fixed(156 + width)}" y="${String(y + 13)}">${String(bar.count)}</text>`,
    ].join("");
  });
  return svg(WIDTH, bars.length * ROW, title, rows);
}

/** Earlier values as a line, the present one as its last point. */
export function historyPlot(before: readonly number[], now: number, failed: boolean, title: string): string {
  const values = [...before, now];
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  const step = values.length > 1 ? 140 / (values.length - 1) : 0;
  const points = values.map((value, index) => [5 + index * step, 25 - ((value - low) / span) * 20] as const);
  const [x = 0, y = 0] = points.at(-1) ?? [];
  return svg(150, 30, title, [
    `<polyline class="line" points="${points.map(([px, py]) => `${fixed(px)},${fixed(py)}`).join(" ")}"/>`,
    `<circle class="${failed ? "bad" : "good"}" cx="${fixed(x)}" cy="${fixed(y)}" r="3.5"/>`,
  ]);
}

function svg(width: number, height: number, title: string, content: readonly string[]): string {
  return `<svg role="img" viewBox="0 0 ${String(width)} ${String(height)}" width="${String(width)}" height="${String(height)}"><title>${escapeHtml(title)}</title>${content.join("")}</svg>`;
}

function fixed(value: number): string {
  return String(Number(value.toFixed(2)));
}

/** By characters as people count them, so that none is cut in two. */
function cut(text: string): string {
  const characters = [...text];
  return characters.length > LABEL_CHARACTERS ? `${characters.slice(0, LABEL_CHARACTERS - 1).join("")}…` : text;
}
