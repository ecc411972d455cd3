import type { NotebookActions } from "../../lib/cell-actions";

/** What a cell can ask for. */
export type CellActions = Omit<NotebookActions, "paste">;
