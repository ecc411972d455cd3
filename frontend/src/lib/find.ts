import type { Cell } from "./api.gen";

/** Cells whose text, name or kind holds every word that was typed. */
export function findCells(cells: readonly Cell[], query: string): Cell[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...cells];
  return cells.filter((c) => {
    const text = `${c.kind} ${c.name} ${c.source}`.toLowerCase();
    return words.every((w) => text.includes(w));
  });
}

/** The line of a cell that holds the first word, for the list of what was found. */
export function foundLine(cell: Cell, query: string): string {
  const word = query.toLowerCase().split(/\s+/).find(Boolean) ?? "";
  const line = cell.source.split("\n").find((l) => word !== "" && l.toLowerCase().includes(word)) ?? "";
  return line.trim().slice(0, 80);
}

/** The cell before which a moved one must stand, named as the server wants it: by the one it follows. */
export function moveTarget(ids: readonly string[], cell: string, by: -1 | 1): string | undefined {
  const at = ids.indexOf(cell);
  if (at < 0) return undefined;
  if (by < 0) return at === 0 ? undefined : (ids[at - 2] ?? "");
  return ids[at + 1];
}
