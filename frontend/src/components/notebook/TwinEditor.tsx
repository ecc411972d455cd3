import { useMemo } from "react";
import type { Cell, Problem } from "../../lib/api.gen";
import { Editor } from "../common/Editor";
import type { CellActions } from "./actions";

interface Props {
  cell: Cell;
  problems: readonly Problem[];
  focus: boolean;
  actions: CellActions;
  onLeave: () => void;
}

/** The same cell as text. Problems are marked where they stand. */
export function TwinEditor({ cell, problems, focus, actions, onLeave }: Props) {
  const marks = useMemo(
    () => problems.map((p) => ({ line: p.line - cell.line, column: p.column, message: p.msg })),
    [problems, cell.line],
  );
  return (
    <Editor
      text={cell.source}
      language="yaml"
      label={`text of ${cell.kind} ${cell.name}`}

      focus={focus}
      problems={marks}
      onChange={(source) => actions.send({ type: "set-source", cell: cell.id, source })}
      onLeave={onLeave}
    />
  );
}
