import type { Cell, Notebook, Problem } from "./api.gen";

/**
 * The new notebook with the old objects of the cells and problems that have not changed, so that a page of 300 cells draws again only
 * what did.
 */
export function sameCells(before: Notebook | undefined, after: Notebook): Notebook {
  if (!before) return after;
  const old = new Map((before.cells ?? []).map((c) => [c.id, c]));
  const cells = (after.cells ?? []).map((c) => {
    const was = old.get(c.id);
    return was && same(was, c) ? was : c;
  });
  return { ...after, cells };
}

function same(a: Cell, b: Cell): boolean {
  // The hash is of the text; everything else follows from it, the paper, the budget and the line.
  return (
    a.hash === b.hash &&
    a.line === b.line &&
    a.good === b.good &&
    a.choice === b.choice &&
    JSON.stringify(a.fields) === JSON.stringify(b.fields)
  );
}

const NONE: readonly Problem[] = [];

/** Problems by cell, with one empty list for all that have none. */
export function problemsByCell(notebook: Notebook): (cell: string) => readonly Problem[] {
  const found = new Map<string, Problem[]>();
  for (const p of notebook.problems ?? []) found.set(p.cell, [...(found.get(p.cell) ?? []), p]);
  return (cell) => found.get(cell) ?? NONE;
}
