import type { Chart } from "./api.gen";
import type { ChartSource } from "./charts";
import { dressed, armsOf } from "./chart-arms";
import { seriesOf, themed, type Option } from "./chart-theme";
import { address } from "./http";
import { Points } from "./points";
import type { Query, Transport } from "./transport";
import type { Span } from "./zoom";

export const FORMS = ["csv", "jsonl", "svg"] as const;
export type Form = (typeof FORMS)[number];

/** Width and height of an exported picture. */
const SIZE = { width: 960, height: 480 };

/** Where the raw values of a chart lie, as a file. */
export function rowsAddress(source: ChartSource, form: "csv" | "jsonl", span: Span | undefined): string {
  return address(source.rows, { ...source.query, ...part(span), form });
}

function part(span: Span | undefined): Query {
  return span ? { from: span.from, to: span.to } : {};
}

/** The picture as SVG, always light, with title, caption and sentence, and with the raw values of the same range inside. */
export async function svgOf(
  transport: Transport,
  source: ChartSource,
  title: string,
  lens: { span: Span | undefined; smooth: string },
): Promise<string> {
  const [chart, rows, { picture }] = await Promise.all([
    transport.get<Chart>(source.path, { ...source.query, ...part(lens.span), smooth: lens.smooth, dark: 0 }),
    rowsText(rowsAddress(source, "csv", lens.span)),
    import("./echarts-svg"),
  ]);
  return withData(picture(optionOf(chart, title), SIZE), title, chart, rows);
}

async function rowsText(path: string): Promise<string> {
  const answer = await fetch(path, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`the values could not be read: ${answer.status} ${answer.statusText}`);
  return answer.text();
}

function optionOf(chart: Chart, title: string): Option {
  const option = themed(chart.option as Option, "light", SIZE.width);
  const points = new Map((chart.series ?? []).map((s) => [s.index, new Points(s.xy ?? [])]));
  const several = armsOf(chart).length > 1;
  return {
    ...option,
    dataZoom: undefined,
    backgroundColor: "#FFFFFF",
    title: { text: title, subtext: wrapped(chart.caption, 130), textStyle: { fontSize: 16 } },
    legend: several ? { show: true, top: 56, left: 0 } : undefined,
    grid: { left: 16, right: several ? 130 : 24, top: several ? 110 : 84, bottom: 40, containLabel: true },
    tooltip: undefined,
    series: seriesOf(option).map((one, index) => {
      const own = points.get(index);
      return { ...dressed(one, "", "light"), ...(own ? { data: pairs(own) } : {}) };
    }),
  };
}

function pairs(points: Points): number[][] {
  const xy = points.view();
  return Array.from({ length: points.length }, (_, i) => [xy[2 * i] ?? NaN, xy[2 * i + 1] ?? NaN]);
}

function wrapped(text: string, width: number): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1] ?? "";
    if (last.length + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines.join("\n");
}

/** Puts what the picture says, and the raw values, into the file. */
export function withData(
  svg: string,
  title: string,
  chart: Pick<Chart, "sentence" | "caption">,
  rows: string,
): string {
  const head =
    `<title>${escaped(title)}</title><desc>${escaped(`${chart.sentence} ${chart.caption}`)}</desc>` +
    `<metadata><rows xmlns="urn:loci:rows" type="text/csv">${escaped(rows)}</rows></metadata>`;
  return svg.replace(/(<svg[^>]*>)/, (open) => open + head);
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/** Hands a text to the reader as a file. */
export function saveText(text: string, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  saveAddress(url, name);
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Hands what lies at an address to the reader as a file. */
export function saveAddress(href: string, name: string): void {
  const link = document.createElement("a");
  link.href = href;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}

/** A title as the name of a file. */
export function fileName(title: string, form: Form): string {
  const name = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return `${name || "chart"}.${form}`;
}
