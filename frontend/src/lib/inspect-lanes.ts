import type { Lanes } from "./api.gen";
import { number } from "./format";

/** Several steps of an episode as one column of its bar: extremes and counts of all of them. */
export interface Column {
  /** First step, and the one behind the last. */
  from: number;
  to: number;
  lo: number;
  hi: number;
  context: number;
  limit: number;
  dropped: number;
  reads: number;
  writes: number;
  changes: number;
  deletes: number;
  errors: number;
  turns: number;
  /** Steps unlike those of the other episode. */
  differ: number;
}

/** Puts lanes into at most that many columns. Joining keeps every extreme and every count. */
export function columnsOf(lanes: Lanes, steps: number, most: number, differ: readonly number[]): Column[] {
  const n = (lanes.reads ?? []).length;
  const group = Math.max(1, Math.ceil(n / Math.max(1, most)));
  const out: Column[] = [];
  for (let c = 0; c < n; c += group) {
    const to = Math.min(n, c + group);
    out.push(join(lanes, c, to, differ, { from: c * lanes.per, to: Math.min(steps, to * lanes.per) }));
  }
  return out;
}

function join(
  lanes: Lanes,
  from: number,
  to: number,
  differ: readonly number[],
  place: { from: number; to: number },
): Column {
  const column: Column = {
    ...place,
    lo: NaN,
    hi: NaN,
    context: -1,
    limit: 0,
    dropped: 0,
    reads: 0,
    writes: 0,
    changes: 0,
    deletes: 0,
    errors: 0,
    turns: 0,
    differ: 0,
  };
  for (let c = from; c < to; c++) {
    const lo = number(lanes.reward_lo?.[c]);
    const hi = number(lanes.reward_hi?.[c]);
    if (!(column.lo <= lo) && !Number.isNaN(lo)) column.lo = lo;
    if (!(column.hi >= hi) && !Number.isNaN(hi)) column.hi = hi;
    const context = lanes.context?.[c] ?? -1;
    if (context > column.context) {
      column.context = context;
      column.limit = lanes.limit?.[c] ?? 0;
    }
    column.dropped = Math.max(column.dropped, lanes.dropped?.[c] ?? 0);
    column.reads += lanes.reads?.[c] ?? 0;
    column.writes += lanes.writes?.[c] ?? 0;
    column.changes += lanes.changes?.[c] ?? 0;
    column.deletes += lanes.deletes?.[c] ?? 0;
    column.errors += lanes.errors?.[c] ?? 0;
    column.turns += lanes.turns?.[c] ?? 0;
    column.differ += differ[c] ?? 0;
  }
  return column;
}

/** The column of a step. */
export function columnAt(columns: readonly Column[], step: number): number {
  const first = columns[0];
  if (!first) return -1;
  return Math.min(columns.length - 1, Math.floor(step / Math.max(1, first.to - first.from)));
}

/** What happened to the memory in a column, as marks: "*" for reads above, "+~x" for the rest below. */
export function memoryMarks(c: Column): { above: string; below: string } {
  return {
    above: c.reads > 0 ? "*" : "",
    below: (c.writes > 0 ? "+" : "") + (c.changes > 0 ? "~" : "") + (c.deletes > 0 ? "x" : ""),
  };
}

/** Words for the marks of a step or column: "2 reads, 1 write". */
export function memoryWords(c: Pick<Column, "reads" | "writes" | "changes" | "deletes">): string {
  const parts: string[] = [];
  const add = (n: number, one: string) => n > 0 && parts.push(`${n} ${n === 1 ? one : one + "s"}`);
  add(c.reads, "read");
  add(c.writes, "write");
  add(c.changes, "change");
  if (c.deletes > 0) parts.push(`${c.deletes} deleted`);
  return parts.join(", ");
}
