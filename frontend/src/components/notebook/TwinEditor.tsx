import { useMemo } from "react";
import type { Cell, Notebook, Problem } from "../../lib/api.gen";
import { specOf, suggest } from "../../lib/complete";
import { Editor } from "../common/Editor";
import type { CellActions } from "./actions";

interface Props {
  cell: Cell;
  notebook: Notebook;
  problems: readonly Problem[];
  focus: boolean;
  actions: CellActions;
  onLeave: () => void;
}

/** The same cell as text. Problems are marked where they stand; keys, values and names are completed. */
export function TwinEditor({ cell, notebook, problems, focus, actions, onLeave }: Props) {
  const marks = useMemo(
    () => problems.map((p) => ({ line: p.line - cell.line, column: p.column, message: says(p) })),
    [problems, cell.line],
  );
  const spec = useMemo(() => specOf(cell, notebook), [cell, notebook]);
  return (
    <Editor
      text={cell.source}
      language="yaml"
      label={`text of ${cell.kind} ${cell.name}`}
      focus={focus}
      problems={marks}
      suggest={(_before, line) => suggest(line, spec)}
      token={cell.hash}
      onChange={(source, hash) => actions.send({ type: "set-source", cell: cell.id, source, hash })}
      onLeave={onLeave}
    />
  );
}

function says(p: Problem): string {
  const legal = p.legal ?? [];
  return [p.msg, p.hint, legal.length > 0 ? `legal: ${legal.join(", ")}` : ""].filter(Boolean).join("\n");
}
