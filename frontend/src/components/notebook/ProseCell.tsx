import { useRef } from "react";
import type { Cell } from "../../lib/api.gen";
import { movesCells } from "../../lib/ops";
import { Editor } from "../common/Editor";
import { Prose } from "../common/Prose";
import type { CellActions } from "./actions";

interface Props {
  cell: Cell;
  editing: boolean;
  actions: CellActions;
  onEdit: (on: boolean) => void;
}

/** Text. The server renders it and vouches for its safety; a double click or Enter opens the source. */
export function ProseCell({ cell, editing, actions, onEdit }: Props) {
  // What waits until the writer leaves: text whose headings would split or join cells under the cursor.
  const waiting = useRef<{ source: string; hash: string } | undefined>(undefined);
  const write = (source: string, hash: string) => {
    waiting.current = movesCells(cell, source) ? { source, hash } : undefined;
    if (waiting.current === undefined) actions.send({ type: "set-source", cell: cell.id, source, hash });
  };
  const leave = () => {
    const held = waiting.current;
    waiting.current = undefined;
    onEdit(false);
    if (held === undefined) return;
    const gone = held.source.trim() === "";
    actions.send(
      gone ? { type: "delete-cell", cell: cell.id } : { type: "set-source", cell: cell.id, ...held },
    );
  };
  if (editing) {
    return (
      <Editor
        text={cell.source}
        language="markdown"
        label="text of this cell"
        focus
        token={cell.hash}
        onChange={write}
        onLeave={leave}
        onDone={leave}
      />
    );
  }
  return <Prose html={cell.html} onOpen={() => onEdit(true)} />;
}
