import type { Cell } from "../../lib/api.gen";
import { textAt } from "../../lib/notebook";
import { Editor } from "../common/Editor";
import { Prose } from "../common/Prose";
import type { CellActions } from "./actions";

interface Props {
  cell: Cell;
  editing: boolean;
  actions: CellActions;
  onEdit: (on: boolean) => void;
}

/** What a person concluded, with its date. */
export function NoteCell({ cell, editing, actions, onEdit }: Props) {
  const date = textAt(cell.value, "date");
  if (editing) {
    return (
      <Editor
        text={textAt(cell.value, "text")}
        language="markdown"
        label="text of this note"
        focus
        onChange={(value) =>
          value.trim() && actions.send({ type: "set-field", cell: cell.id, field: "text", value })
        }
        onLeave={() => onEdit(false)}
        onDone={() => onEdit(false)}
      />
    );
  }
  return (
    <>
      <Prose html={cell.html} onOpen={() => onEdit(true)} />
      {date && <p className="fine">{date}</p>}
    </>
  );
}
