import type {
  Float,
  MemoryBank,
  MemoryDifference,
  MemoryMark,
  MemoryPage,
  MemoryPlace,
  MemoryRow,
  MemoryTurn,
} from "./api.gen";
import { count, number, plural, shown } from "./format";

/** The mark of each operation, the same in lists, lanes and exports. */
const MARKS: Record<string, string> = { write: "+", change: "~", merge: "Y", read: "*", delete: "x" };
const WORDS: Record<string, string> = {
  write: "written",
  change: "changed",
  merge: "merged",
  read: "read",
  delete: "deleted",
};

export function opMark(op: string): string {
  return MARKS[op] ?? "";
}

export function opWord(op: string): string {
  return WORDS[op] ?? op;
}

/** Where a moment lies, in words. */
export function placeWords(place: MemoryPlace | undefined): string {
  if (!place) return "";
  return place.episode < 0 ? "before the first event" : `episode ${place.episode}, step ${place.step}`;
}

/** The counts under the table: what matches, what is shown, what was never read. */
export function pageSentence(page: MemoryPage): string {
  const rows = page.rows?.length ?? 0;
  const shows = page.match > rows ? `, ${count(rows)} shown` : "";
  const gone = page.total - page.entries;
  const of =
    page.match === page.total
      ? plural(page.total, "entry", "entries")
      : `${count(page.match)} of ${plural(page.total, "entry", "entries")} match`;
  const deleted = gone > 0 ? `, ${count(gone)} of them deleted` : "";
  return `${of}${deleted}${shows} · ${count(page.never)} ${page.never === 1 ? "was" : "were"} never read`;
}

export interface DifferencePart {
  op: string;
  count: number;
}

/** The four counts of a difference, in the order of the drawing. */
export function differenceParts(d: MemoryDifference): DifferencePart[] {
  return [
    { op: "write", count: d.written },
    { op: "change", count: d.changed },
    { op: "merge", count: d.merged },
    { op: "delete", count: d.deleted },
  ];
}

/** Numbers that stand beside the main one in the table: few, and none that only counts or tells the time. */
const PLAIN = new Set(["made", "read", "uses"]);

export function numberColumns(bank: MemoryBank | undefined, most = 2): string[] {
  if (!bank) return [];
  const others = (bank.numbers ?? []).filter((n) => n !== bank.main && !PLAIN.has(n));
  return (bank.main ? [bank.main, ...others] : others).slice(0, most);
}

/** A number with its sign, as a difference is read. */
export function signed(value: Float | undefined): string {
  const v = number(value);
  if (Number.isNaN(v)) return "–";
  return v > 0 ? `+${shown(v)}` : shown(v);
}

/** Numbers that may be of either sign carry it; counts and times do not. */
export function valued(name: string): boolean {
  return name === "value" || name === "q";
}

/** What happened to an entry since the earlier moment: new, deleted, or how its number moved. */
export function sinceWords(row: MemoryRow, main: string): string {
  switch (row.op) {
    case "write":
      return "new";
    case "delete":
      return "deleted";
    case "":
      return "";
    default: {
      const moved = row.since?.[main];
      if (moved !== undefined) return signed(moved);
      return row.op === "merge" ? "merged" : "changed";
    }
  }
}

/** What a click on the head of a column makes of the order: down, up, off. */
export function nextSort(current: string, column: string): string {
  if (current === `-${column}`) return column;
  return current === column ? "" : `-${column}`;
}

/** How a column stands in the order, for aria-sort. */
export function sortState(current: string, column: string): "ascending" | "descending" | "none" {
  if (current === column) return "ascending";
  return current === `-${column}` ? "descending" : "none";
}

/** A filter with conditions of a group in place of others on the same fields. */
export function withCondition(query: string, condition: string): string {
  const fields = new Set(condition.split(" ").map(fieldOf));
  const kept = query.split(/\s+/).filter((w) => w !== "" && !fields.has(fieldOf(w)));
  return [...kept, condition].join(" ");
}

function fieldOf(word: string): string {
  return /^([\w-]+)(>=|<=|!=|[<>=:])/.exec(word)?.[1]?.toLowerCase() ?? `"${word}`;
}

/** The numbers that an event moved, each as "value 0 to +0.30". */
export function movedNumbers(turn: MemoryTurn): string[] {
  const before = turn.before ?? {};
  return Object.entries(turn.after ?? {})
    .filter(([name, value]) => turn.before && number(before[name]) !== number(value))
    .map(([name, value]) => {
      const words = valued(name) ? signed : shown;
      return `${name} ${name in before ? words(before[name]) : "–"} to ${words(value)}`;
    });
}

/** The parts of a score in words: similarity 0.91, value 0.06. */
export function partWords(parts: Record<string, Float> | null | undefined): string {
  return Object.entries(parts ?? {})
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, value]) => `${name} ${shown(value)}`)
    .join(", ");
}

/** The mark in which a moment lies: that of its last event. */
export function markAt(marks: readonly MemoryMark[], moment: number): MemoryMark | undefined {
  return marks.find((m) => m.from < moment && moment <= m.to);
}

/** The ticks of a slider of that many pixels: the ends of episodes, none nearer to another than the gap. */
export function ticks(marks: readonly MemoryMark[], moments: number, width: number, gap = 5): number[] {
  const out: number[] = [];
  for (const m of marks) {
    const last = out[out.length - 1];
    const near = last !== undefined && ((m.to - last) / moments) * width < gap;
    if (!near) out.push(m.to);
  }
  return out;
}

/** The event of a life that led to a moment: the last one before it. -1 where it had not begun. */
export function turnAt(turns: readonly MemoryTurn[], moment: number): number {
  return turns.findLastIndex((t) => t.moment < moment);
}

/** The moment that an address means: -1 is the newest, and what lies beyond it is the newest, too. */
export function clampMoment(at: number, newest: number): number {
  return at < 0 ? newest : Math.min(at, newest);
}
