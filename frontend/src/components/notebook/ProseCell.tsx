import { useRef, useState } from "react";
import type { Cell } from "../../lib/api.gen";
import { movesCells } from "../../lib/ops";
import { Editor } from "../common/Editor";
import type { CellActions } from "./actions";

interface Props {
  cell: Cell;
  editing: boolean;
  actions: CellActions;
  onEdit: (on: boolean) => void;
}

/** Text. The server renders it and vouches for its safety; a double click or Enter opens the source. */
export function ProseCell({ cell, editing, actions, onEdit }: Props) {
  const [draft, setDraft] = useState<string>();
  // What waits until the writer leaves: text whose headings would split or join cells under the cursor.
  const waiting = useRef<string | undefined>(undefined);
  const write = (source: string) => {
    setDraft(source);
    waiting.current = movesCells(cell, source) ? source : undefined;
    if (waiting.current === undefined) actions.send({ type: "set-source", cell: cell.id, source });
  };
  const leave = () => {
    const source = waiting.current;
    waiting.current = undefined;
    setDraft(undefined);
    onEdit(false);
    if (source === undefined) return;
    const gone = source.trim() === "";
    actions.send(
      gone ? { type: "delete-cell", cell: cell.id } : { type: "set-source", cell: cell.id, source },
    );
  };
  if (editing) {
    return (
      <Editor
        text={draft ?? cell.source}
        language="markdown"
        label="text of this cell"
        focus
        onChange={write}
        onLeave={leave}
        onDone={leave}
      />
    );
  }
  return (
    <div
      className="prose"
      onDoubleClick={() => onEdit(true)}
      dangerouslySetInnerHTML={{ __html: cell.html }}
    />
  );
}
