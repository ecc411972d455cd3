import type { Cell, Stale } from "../../lib/api.gen";
import { staleField } from "../../lib/stale";
import { FieldForm } from "./FieldForm";
import type { CellActions } from "./actions";

interface Props {
  cell: Cell;
  actions: CellActions;
  stale: Stale | undefined;
}

/** A part of the set-up: which kind is chosen, and its knobs. */
export function SetupCell({ cell, actions, stale }: Props) {
  const kinds = cell.kinds ?? [];
  return (
    <>
      {kinds.length > 1 && (
        <label className="choice">
          <span className="unseen">kind of {cell.kind}</span>
          <select
            value={cell.choice}
            onChange={(e) => actions.send({ type: "set-choice", cell: cell.id, choice: e.target.value })}
          >
            {!kinds.includes(cell.choice) && <option value={cell.choice}>{cell.choice || "choose"}</option>}
            {kinds.map((k) => (
              <option key={k}>{k}</option>
            ))}
          </select>
        </label>
      )}
      <FieldForm
        fields={cell.fields ?? []}
        staleOf={(path) => staleField(stale, `${cell.kind}.${path}`)}
        onSet={(field, value) => actions.send({ type: "set-field", cell: cell.id, field, value })}
      />
    </>
  );
}
