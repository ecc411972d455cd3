import type { ReportCurves } from "../lib/api.gen";

/** Raw values as CSV, every digit kept; a gap is an empty field. */
export function curvesCSV(curves: ReportCurves): string {
  const lines = ["arm,case,seed,x," + quoted(curves.metric)];
  for (const run of curves.runs ?? []) {
    const head = [quoted(run.arm), quoted(run.case), String(run.seed)].join(",");
    (run.x ?? []).forEach((x, i) => {
      const y = run.y?.[i];
      lines.push(`${head},${x},${y === undefined || y === "NaN" ? "" : y}`);
    });
  }
  return lines.join("\r\n") + "\r\n";
}

/** A field as tables read it. A text that begins like a formula gets a quote before it: it comes from a stranger. */
function quoted(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Lets the browser save a text. */
export function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
