import type { Hit, Table } from "./api.gen";
import { shown } from "./format";

/** The candidates of a reading as a table: a column for each part of a score that any of them has. */
export function hitTable(hits: Hit[]): Table {
  const parts = [...new Set(hits.flatMap((h) => Object.keys(h.parts ?? {})))].sort();
  return {
    columns: ["rank", "entry", "score", ...parts, "in the prompt"],
    rows: hits.map((h) => [
      String(h.rank),
      h.entry,
      shown(h.score),
      ...parts.map((p) => (h.parts && p in h.parts ? shown(h.parts[p] ?? 0) : "–")),
      h.used ? "yes" : `no${h.why ? `: ${h.why}` : ""}`,
    ]),
  };
}
