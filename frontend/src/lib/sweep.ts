import type { Cell, FieldValue, Json, Notebook, Sweep, SweepPoint } from "./api.gen";
import { keysOf } from "./notebook";
import type { Edit } from "./ops";

/** How a point of a sweep stands: a shape and a word. */
const STANDS: Record<string, { mark: string; word: string }> = {
  complete: { mark: "✓", word: "complete" },
  dropped: { mark: "×", word: "dropped: others went on" },
  waiting: { mark: "▸", word: "waiting for its rung" },
  incomplete: { mark: "○", word: "incomplete" },
  failed: { mark: "!", word: "failed" },
};

export function standing(point: SweepPoint): { mark: string; word: string } {
  const { mark, word } = STANDS[point.state] ?? { mark: "?", word: point.state };
  if (point.best) return { mark: "★", word: `best, ${word}` };
  if (point.state === "incomplete") return { mark, word: `${word}: ${point.done} of ${point.runs} runs` };
  return { mark, word };
}

/** A value as the notebook has it. */
export function written(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * The edits that put a point's values into the notebook: into its arm where there are arms, else into the cells of the set-up. Undefined
 * where a section has no cell that could hold them.
 */
export function settings(notebook: Notebook, sweep: Sweep, point: SweepPoint): Edit[] | undefined {
  const cells = notebook.cells ?? [];
  const arms = cells.find((c) => c.kind === "arms");
  const fields = new Map<string, FieldValue[]>(); // by cell: each is one edit
  for (const [i, path] of (sweep.knobs ?? []).entries()) {
    const place = arms ? inArm(arms, point.arm, path) : inSetup(cells, path);
    if (!place) return undefined;
    const { cell, field } = place;
    const one = { field, value: (point.values?.[i] ?? null) as Json };
    const before = fields.get(cell) ?? [];
    // Another kind takes knobs away: it comes first.
    fields.set(cell, field === "kind" ? [one, ...before] : [...before, one]);
  }
  return [...fields].map(([cell, list]) => ({ type: "set-fields", cell, fields: list }));
}

interface Place {
  cell: string;
  field: string;
}

function inArm(arms: Cell, arm: string, path: string): Place | undefined {
  return keysOf(arms.value).includes(arm) ? { cell: arms.id, field: `${arm}/${path}` } : undefined;
}

function inSetup(cells: readonly Cell[], path: string): Place | undefined {
  const dot = path.indexOf(".");
  const cell = cells.find((c) => c.kind === path.slice(0, dot));
  return cell && { cell: cell.id, field: path.slice(dot + 1) };
}

/** What the rungs of a sweep are, in a sentence; "" where there is one only. */
export function rungsOf(sweep: Sweep): string {
  const rungs = sweep.rungs ?? [];
  if (rungs.length < 2) return "";
  const parts = rungs.map((r) => `${r.points} with ${r.resource}`);
  return `points of each arm by rung of ${sweep.resource}: ${parts.join(", then the best ")}`;
}

/** Which way the metric is better, in words. */
export function judgedBy(sweep: Sweep): string {
  const seeds = (sweep.seeds ?? []).length;
  if (!sweep.metric) return "no metric says which direction is better, so nothing is ranked";
  return `ranked by the mean of the last ${sweep.metric} over ${seeds} seed${seeds === 1 ? "" : "s"}, ${sweep.better} is better`;
}
