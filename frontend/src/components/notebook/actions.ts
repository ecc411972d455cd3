import type { Edit } from "../../lib/ops";

/** What a cell can ask for. */
export interface CellActions {
  send: (edit: Edit) => void;
}
