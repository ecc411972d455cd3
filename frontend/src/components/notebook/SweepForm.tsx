import { useEffect, useMemo, useRef, useState } from "react";
import type { Cell, Field, Json, Notebook } from "../../lib/api.gen";
import { paths } from "../../lib/complete";
import {
  become,
  changesOf,
  draftOf,
  hasKey,
  needsKey,
  knobsOf,
  newAxis,
  resources,
  type Axis,
  type Draft,
} from "../../lib/sweep-draft";
import { faultsOf, placeOf } from "../../lib/sweep-faults";
import { keysOf } from "../../lib/notebook";
import type { CellActions } from "./actions";
import { AxisField } from "./AxisField";
import { KnobField } from "./KnobField";
import { NewAxis } from "./NewAxis";

interface Props {
  cell: Cell;
  notebook: Notebook;
  actions: CellActions;
}

/**
 * A sweep as a form. What is left or chosen is written at once where the whole sweep is right then; until it is, the fields that keep it
 * from that say why, and the notebook stands as it was.
 */
export function SweepForm({ cell, notebook, actions }: Props) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(cell));
  const [refused, setRefused] = useState<{ at: string; why: string }>();
  const focus = useRef("");
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    setDraft(draftOf(cell));
    setRefused(undefined);
    // The hash is of the text: a cell that was only moved keeps what is being typed.
  }, [cell.hash]);
  useEffect(() => {
    if (focus.current === "") return;
    root.current?.querySelector<HTMLElement>(focus.current)?.focus();
    focus.current = "";
  }, [draft]);

  const knobs = useMemo(() => knobsOf(notebook), [notebook]);
  const kind = String(draft.head["kind"] ?? "grid");
  const faults = { ...(refused ? { [refused.at]: refused.why } : {}), ...faultsOf(draft, notebook) };
  const change = (next: Draft) => {
    setDraft(next);
    setRefused(undefined);
    const fields = changesOf(cell, next, notebook);
    if (fields.length === 0 || Object.keys(faultsOf(next, notebook)).length > 0) return;
    void actions.send({ type: "set-fields", cell: cell.id, fields }).then((failure) => {
      if (failure) setRefused({ at: placeOf(failure.message, next), why: failure.message });
    });
  };
  const set = (key: string, value: Json) =>
    change(
      key === "kind"
        ? become(draft, String(value ?? "grid"), notebook)
        : { ...draft, head: { ...draft.head, [key]: value } },
    );
  const swap = (i: number, axis: Axis) =>
    change({ ...draft, over: draft.over.map((a, j) => (j === i ? axis : a)) });
  const remove = (i: number) => {
    focus.current = ".axis-new input";
    change({ ...draft, over: draft.over.filter((_, j) => j !== i) });
  };
  const add = (path: string) => {
    focus.current = `[data-axis="${CSS.escape(path)}"] input`;
    change({ ...draft, over: [...draft.over, newAxis(path, knobs.get(path))] });
  };
  const options: Record<string, readonly string[]> = {
    metric: (notebook.metrics ?? []).filter((m) => m.better !== "").map((m) => m.name),
    arms: keysOf((notebook.cells ?? []).find((c) => c.kind === "arms")?.value),
    resource: resources(notebook).map((r) => r.path),
  };
  const wrong = Object.keys(faults).length;
  return (
    <div className="cell-form sweep-form" ref={root}>
      <div className="knobs">
        {(cell.fields ?? [])
          .filter(({ field }) => hasKey(kind, field.path))
          .map((form) => {
            const { path, default: usual } = form.field;
            const value = draft.head[path] ?? (hasOwn(draft, path) ? "" : usual);
            return (
              <KnobField
                key={path}
                form={{ field: asked(form.field, kind, value), value, set: hasOwn(draft, path) }}
                options={options[path] ?? []}
                wrong={faults[path] ?? ""}
                onSet={(v) => set(path, v)}
              />
            );
          })}
      </div>
      {draft.over.map((axis, i) => (
        <AxisField
          key={axis.path}
          axis={axis}
          form={knobs.get(axis.path)}
          draws={kind !== "grid"}
          faults={faults}
          onChange={(next) => swap(i, next)}
          onRemove={() => remove(i)}
        />
      ))}
      <NewAxis
        known={paths(notebook).filter((p) => !draft.over.some((a) => a.path === p.label))}
        fault={faults["over"] ?? ""}
        onAdd={add}
      />
      {refused?.at === "" && (
        <p className="knob-error" role="alert">
          {refused.why}
        </p>
      )}
      <p className="fine" role="status">
        {wrong === 0
          ? "Every change is written into the notebook at once."
          : `Not written yet: ${wrong === 1 ? "one field is" : `${wrong} fields are`} to be mended. The notebook stands as it was.`}
      </p>
    </div>
  );
}

/** A key that the sweep cannot do without has no default to go back to. */
function asked(field: Field, kind: string, value: Json): Field {
  const needed = field.path === "name" || needsKey(kind, field.path);
  return needed ? { ...field, default: value } : field;
}

function hasOwn(draft: Draft, path: string): boolean {
  const value = draft.head[path];
  return value !== undefined && value !== null;
}
