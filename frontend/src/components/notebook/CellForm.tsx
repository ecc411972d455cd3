import { useMemo } from "react";
import type { Cell, Notebook } from "../../lib/api.gen";
import { expressionWords, namesOf } from "../../lib/complete";
import type { CellActions } from "./actions";
import { FieldForm } from "./FieldForm";

interface Props {
  cell: Cell;
  notebook: Notebook;
  actions: CellActions;
}

const WITH = new Set(["sweep", "chart", "table", "claim", "memory-view", "note"]);

/** Whether a cell has settings beside what it shows. */
export function hasSettings(cell: Cell): boolean {
  return WITH.has(cell.kind) && (cell.fields ?? []).length > 0;
}

/** The settings of a chart, table, claim, view or note; names are completed. */
export function CellForm({ cell, notebook, actions }: Props) {
  const options = useMemo(() => {
    const names = namesOf(notebook);
    const of = (detail: string) => names.filter((n) => n.detail === detail).map((n) => n.label);
    const lists: Record<string, string[]> = {
      metric: of("metric"),
      metrics: of("metric"),
      arm: of("arm"),
      arms: of("arm"),
      case: of("case"),
      cases: of("case"),
      value: expressionWords(notebook).map((w) => w.label),
    };
    return (path: string) => lists[path] ?? [];
  }, [notebook]);
  return (
    <div className="cell-form">
      <FieldForm
        fields={cell.fields ?? []}
        options={options}
        onSet={(field, value) => actions.send({ type: "set-field", cell: cell.id, field, value })}
      />
    </div>
  );
}
