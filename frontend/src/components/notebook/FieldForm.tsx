import type { FormField, Json } from "../../lib/api.gen";
import { splitFields } from "../../lib/notebook";
import { KnobField } from "./KnobField";

interface Props {
  fields: readonly FormField[];
  onSet: (field: string, value: Json) => void;
  /** What may be typed into a field, offered while typing. */
  options?: (path: string) => readonly string[];
  /** What runs that still stand read in place of the present value, "" where they read the same. */
  staleOf?: (path: string) => string;
}

const NOTHING: readonly string[] = [];

/** The form of a cell: the paper's own knobs first, the rest folded by group. */
export function FieldForm({ fields, onSet, options, staleOf }: Props) {
  const { main, rest } = splitFields(fields);
  const knob = (f: FormField) => (
    <KnobField
      key={f.field.path}
      form={f}
      options={options?.(f.field.path) ?? NOTHING}
      stale={staleOf?.(f.field.path) ?? ""}
      onSet={(v) => onSet(f.field.path, v)}
    />
  );
  const hidden = rest.reduce((n, [, list]) => n + list.length, 0);
  const changed = rest.reduce((n, [, list]) => n + list.filter((f) => f.set).length, 0);
  return (
    <div className="form">
      <div className="knobs">{main.map(knob)}</div>
      {hidden > 0 && (
        <details className="more">
          <summary>
            {hidden} more {hidden === 1 ? "knob" : "knobs"}
            {changed > 0 && <span className="fine"> {changed} set in this notebook</span>}
          </summary>
          {rest.map(([group, list]) => (
            <fieldset key={group}>
              <legend>{group}</legend>
              <div className="knobs">{list.map(knob)}</div>
            </fieldset>
          ))}
        </details>
      )}
    </div>
  );
}
