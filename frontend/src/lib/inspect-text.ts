import type { Block, Context } from "./api.gen";

/** Longer blocks are folded at first. */
export const FOLD = 2000;

/** Lines of one side that are compared one by one; longer texts are compared at their ends only. */
const MOST_LINES = 600;

export interface Line {
  kind: "same" | "new" | "gone";
  text: string;
}

/** What became of a block since the step before. */
export interface BlockNews {
  name: string;
  kind: "same" | "new" | "gone" | "changed";
  lines: Line[];
  /** Tokens or steps of history more or less than before. */
  more: number;
}

/** Compares a context with the one before it, block by block. Blocks of one name are matched in their order. */
export function newsOf(now: Context, before: Context | null): BlockNews[] {
  const old = [...(before?.blocks ?? [])];
  const out: BlockNews[] = [];
  for (const block of now.blocks ?? []) {
    const i = old.findIndex((b) => b.name === block.name);
    const was = i >= 0 ? old.splice(i, 1)[0] : undefined;
    out.push(compare(block, was));
  }
  for (const block of old)
    out.push({ name: block.name, kind: "gone", lines: tagged(block, "gone"), more: -block.count });
  return out;
}

function compare(now: Block, was: Block | undefined): BlockNews {
  if (!was) return { name: now.name, kind: "new", lines: tagged(now, "new"), more: now.count };
  const same = textOf(now) === textOf(was);
  return {
    name: now.name,
    kind: same ? "same" : "changed",
    lines: same ? [] : diffLines(linesOf(was), linesOf(now)),
    more: now.count - was.count,
  };
}

/** What a block holds as text; where only token ids were kept, they are. */
export function textOf(block: Block): string {
  return block.text ?? (block.tokens ?? []).join(" ");
}

function linesOf(block: Block): string[] {
  return textOf(block).replace(/\n$/, "").split("\n");
}

function tagged(block: Block, kind: Line["kind"]): Line[] {
  return linesOf(block).map((text) => ({ kind, text }));
}

/** The lines of two texts side by side: kept, new and gone, with as many kept as possible. */
export function diffLines(was: readonly string[], now: readonly string[]): Line[] {
  let head = 0;
  while (head < was.length && head < now.length && was[head] === now[head]) head++;
  let tail = 0;
  while (
    tail < was.length - head &&
    tail < now.length - head &&
    was[was.length - 1 - tail] === now[now.length - 1 - tail]
  )
    tail++;
  return [
    ...now.slice(0, head).map((text): Line => ({ kind: "same", text })),
    ...middle(was.slice(head, was.length - tail), now.slice(head, now.length - tail)),
    ...now.slice(now.length - tail).map((text): Line => ({ kind: "same", text })),
  ];
}

function middle(was: readonly string[], now: readonly string[]): Line[] {
  if (was.length > MOST_LINES || now.length > MOST_LINES || was.length === 0 || now.length === 0)
    return [
      ...was.map((text): Line => ({ kind: "gone", text })),
      ...now.map((text): Line => ({ kind: "new", text })),
    ];
  return walk(was, now, table(was, now));
}

/** Longest common subsequences of all tails: row i, column j holds that of was from i and now from j. */
function table(was: readonly string[], now: readonly string[]): number[][] {
  const rows: number[][] = Array.from({ length: was.length + 1 }, () =>
    new Array<number>(now.length + 1).fill(0),
  );
  for (let i = was.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--) {
      const row = rows[i] ?? [];
      const next = rows[i + 1] ?? [];
      row[j] = was[i] === now[j] ? (next[j + 1] ?? 0) + 1 : Math.max(next[j] ?? 0, row[j + 1] ?? 0);
    }
  return rows;
}

function walk(was: readonly string[], now: readonly string[], rows: number[][]): Line[] {
  const out: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < was.length || j < now.length) {
    const a = was[i];
    const b = now[j];
    if (a !== undefined && a === b) {
      out.push({ kind: "same", text: a });
      i++;
      j++;
    } else if (a !== undefined && (b === undefined || (rows[i + 1]?.[j] ?? 0) >= (rows[i]?.[j + 1] ?? 0))) {
      out.push({ kind: "gone", text: a });
      i++;
    } else if (b !== undefined) {
      out.push({ kind: "new", text: b });
      j++;
    }
  }
  return out;
}

/** The whole context as the model was given it, in order. */
export function exactText(context: Context): string {
  return (context.blocks ?? []).map(textOf).join("");
}

/** Tokens, or steps of history, of all blocks. */
export function contextSize(context: Context): number {
  return (context.blocks ?? []).reduce((sum, b) => sum + b.count, 0);
}
