import type { Cell, FieldValue, Json, Notebook, Operation } from "./api.gen";

/** An edit as a person makes it. The server applies it; there is no second implementation here. */
export type Edit =
  | { type: "set-field"; cell: string; field: string; value: Json }
  /** Several keys of a cell as one edit. */
  | { type: "set-fields"; cell: string; fields: FieldValue[] }
  | { type: "set-choice"; cell: string; choice: string }
  /** Without a cell it is the text of the whole file. "hash" names the text that was edited, where that is not the one on the page. */
  | { type: "set-source"; cell: string; source: string; hash?: string }
  | { type: "insert-cell"; after: string; kind: string; source: string }
  | { type: "delete-cell"; cell: string }
  | { type: "move-cell"; cell: string; after: string }
  | { type: "undo" }
  | { type: "redo" }
  | { type: "keep-mine" }
  | { type: "take-theirs" }
  | { type: "restore"; state: number };

/** An edit with the text that its author saw. */
export interface Made {
  edit: Edit;
  /** Hash of the cell when the edit was made, "" where it concerns none. */
  hash: string;
}

/** Notes the text for which an edit is made. */
export function made(edit: Edit, notebook: Notebook | undefined): Made {
  if (edit.type === "set-source" && edit.hash) return { edit, hash: edit.hash };
  return { edit, hash: "cell" in edit ? hashOf(notebook, edit.cell) : "" };
}

export function hashOf(notebook: Notebook | undefined, cell: string): string {
  return (notebook?.cells ?? []).find((c) => c.id === cell)?.hash ?? "";
}

/** The edit as the server takes it: it can tell when somebody else was faster. */
export function toOperation({ edit, hash }: Made, notebook: Notebook, page: string): Partial<Operation> {
  const { revision } = notebook;
  return "cell" in edit && edit.cell !== "" ? { ...edit, revision, hash, page } : { ...edit, revision, page };
}

/**
 * What became of texts by the page's own edits: the next edit of a cell is made for the text that the one before it left, though the
 * answer is still on its way. A text that somebody else changed is not in here, so that such an edit is refused.
 */
export class Successors {
  private readonly next = new Map<string, string>();

  note(before: string, after: string): void {
    if (before !== "" && after !== "" && before !== after) this.next.set(before, after);
    // A text that comes back, by undo or by hand, begins anew.
    this.next.delete(after);
  }

  of(hash: string): string {
    let now = hash;
    for (let next = this.next.get(now); next !== undefined; next = this.next.get(now)) now = next;
    return now;
  }
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
