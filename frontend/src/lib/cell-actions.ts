import { useMemo, useRef } from "react";
import type { App } from "./app";
import { moveTarget } from "./find";
import { cellTitle } from "./notebook";
import type { Edit } from "./ops";
import type { Session } from "./session";
import type { Failure } from "./transport";
import { newCell, type Addable } from "./templates";

/** A cell that was cut: pasting makes it again. */
interface Cut {
  kind: string;
  source: string;
}

/** What cells, keys and buttons do to a notebook. */
export interface NotebookActions {
  /** Sends an edit; the answer says why it was refused. */
  send: (edit: Edit) => Promise<Failure | undefined>;
  cut: (cell: string) => void;
  paste: (after: string) => void;
  move: (cell: string, after: string) => void;
  step: (cell: string, by: -1 | 1) => void;
  add: (kind: string, after: string) => void;
}

export function useNotebookActions(
  app: App,
  session: Session,
  select: (cell: string) => void,
): NotebookActions {
  const kept = useRef<Cut | undefined>(undefined);
  return useMemo(() => {
    const cells = () => session.state.get().notebook?.cells ?? [];
    const ids = () => cells().map((c) => c.id);
    const send = (edit: Edit) =>
      session.send(edit).then((taken) => (taken ? undefined : session.state.get().refused?.failure));
    const move = (cell: string, after: string) => {
      if (cell !== after) void send({ type: "move-cell", cell, after });
    };
    return {
      send,
      move,
      cut: (id) => {
        const at = ids().indexOf(id);
        const cell = cells()[at];
        if (!cell) return;
        const before = ids()[at - 1] ?? "";
        kept.current = { kind: cell.kind, source: cell.source };
        void session.send({ type: "delete-cell", cell: id }).then((taken) => {
          if (!taken) return;
          select(ids()[at] ?? ids()[at - 1] ?? "");
          const { kind, source } = cell;
          const then = session.state.get().notebook?.cells;
          app.notice(`deleted: ${cellTitle(cell)}`, {
            label: "Undo",
            run: () => {
              // After other edits the last step is not the deletion any more: the cell is put back where it was.
              const untouched = session.state.get().notebook?.cells === then;
              void send(untouched ? { type: "undo" } : { type: "insert-cell", after: before, kind, source });
            },
          });
        });
      },
      paste: (after) => {
        if (!kept.current) return app.notice("nothing was cut yet: x cuts the selected cell");
        const known = new Set(ids());
        void session
          .send({ type: "insert-cell", after, ...kept.current })
          .then(() => select(ids().find((id) => !known.has(id)) ?? after));
      },
      step: (cell, by) => {
        const after = moveTarget(ids(), cell, by);
        if (after !== undefined) move(cell, after);
      },
      add: (kind, after) => {
        const notebook = session.state.get().notebook;
        if (!notebook) return;
        const source = newCell(kind as Addable, notebook, new Date().toISOString().slice(0, 10));
        const known = new Set(ids());
        void session
          .send({ type: "insert-cell", after, kind, source })
          .then(() => select(ids().find((id) => !known.has(id)) ?? after));
      },
    };
  }, [app, session, select]);
}
