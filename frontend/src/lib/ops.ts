import type { Cell, Json, Notebook, Operation } from "./api.gen";

/** An edit as a person makes it. The server applies it; there is no second implementation here. */
export type Edit =
  | { type: "set-field"; cell: string; field: string; value: Json }
  | { type: "set-choice"; cell: string; choice: string }
  | { type: "set-source"; cell: string; source: string }
  | { type: "insert-cell"; after: string; kind: string; source: string }
  | { type: "delete-cell"; cell: string }
  | { type: "undo" }
  | { type: "redo" }
  | { type: "keep-mine" }
  | { type: "take-theirs" };

/** The edit with what its author saw, so that the server can tell when somebody else was faster. */
export function toOperation(edit: Edit, notebook: Notebook): Partial<Operation> {
  const seen = { revision: notebook.revision };
  if (!("cell" in edit)) return { ...edit, ...seen };
  const cell = (notebook.cells ?? []).find((c) => c.id === edit.cell);
  return { ...edit, ...seen, hash: cell?.hash ?? "" };
}

/** Text of a new section; its heading keeps it apart from the text before it. */
export const NEW_SECTION = "## New section\n";

/** Whether new prose has other headings than the old: cells would split or join, which must wait until the writer is done. */
export function movesCells(cell: Cell, source: string): boolean {
  return (
    source.trim() === "" || headings(source) !== headings(cell.source) || leads(source) !== leads(cell.source)
  );
}

function headings(source: string): number {
  let fenced = false;
  return source.split("\n").filter((line) => {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    return !fenced && /^#{1,6}\s/.test(line);
  }).length;
}

/** Whether the text begins with a heading. */
function leads(source: string): boolean {
  return /^\s*#{1,6}\s/.test(source);
}
