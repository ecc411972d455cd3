import type { Cell, Notebook } from "./api.gen";

/** A cell with the key under which the page keeps it: its kind and its place among that kind, so that a rename does not close it. */
export interface KeyedCell {
  key: string;
  cell: Cell;
}

export function keyed(notebook: Notebook): KeyedCell[] {
  const seen = new Map<string, number>();
  return (notebook.cells ?? []).map((cell) => {
    const place = seen.get(cell.kind) ?? 0;
    seen.set(cell.kind, place + 1);
    return { key: `${cell.kind} ${place}`, cell };
  });
}
