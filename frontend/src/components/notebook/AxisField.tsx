import { useEffect, useId, useState } from "react";
import type { FormField } from "../../lib/api.gen";
import { rangeOf, showKnob } from "../../lib/knob";
import { isNumber, type Axis } from "../../lib/sweep-draft";
import type { Faults } from "../../lib/sweep-faults";
import { Button } from "../common/Button";

interface Props {
  axis: Axis;
  /** The knob, where the notebook's set-up has it. */
  form: FormField | undefined;
  /** Points are drawn: then a range will do, too. */
  draws: boolean;
  faults: Faults;
  onChange: (axis: Axis) => void;
  onRemove: () => void;
}

/** One knob that a sweep tries: a list of values, or the range that they are drawn from. */
export function AxisField({ axis, form, draws, faults, onChange, onRemove }: Props) {
  const at = `over/${axis.path}`;
  const field = form?.field;
  const mayRange = axis.range || (draws && (!field || isNumber(field)));
  const notes = field && [
    field.doc,
    [rangeOf(field), field.unit].filter(Boolean).join(" "),
    `now ${showKnob(form.value)}`,
  ];
  return (
    <fieldset className="axis" data-axis={axis.path}>
      <legend>{axis.path}</legend>
      <div className="axis-parts">
        {mayRange && (
          <label>
            <span className="fine">tries</span>
            <select
              value={axis.range ? "range" : "list"}
              onChange={(e) =>
                onChange(e.target.value === "range" ? ranged(axis) : { ...axis, range: false })
              }
            >
              <option value="list">a list of values</option>
              <option value="range">a range</option>
            </select>
          </label>
        )}
        {!axis.range && (
          <Part
            label="values"
            of={axis.path}
            text={axis.values}
            fault={faults[at]}
            wide
            onCommit={(values) => onChange({ ...axis, values })}
          />
        )}
        {axis.range && (
          <>
            <Part
              label="from"
              of={axis.path}
              text={axis.from}
              fault={faults[`${at}/from`]}
              onCommit={(from) => onChange({ ...axis, from })}
            />
            <Part
              label="to"
              of={axis.path}
              text={axis.to}
              fault={faults[`${at}/to`]}
              onCommit={(to) => onChange({ ...axis, to })}
            />
            <label>
              <span className="fine">scale</span>
              <select value={axis.scale} onChange={(e) => onChange({ ...axis, scale: e.target.value })}>
                <option>linear</option>
                <option>log</option>
              </select>
            </label>
            <Part
              label="step"
              of={axis.path}
              text={axis.step}
              fault={faults[`${at}/step`]}
              onCommit={(step) => onChange({ ...axis, step })}
            />
          </>
        )}
        <Button look="quiet" icon="close" label={`take ${axis.path} out of the sweep`} onClick={onRemove} />
      </div>
      {axis.range && faults[at] && (
        <p className="knob-error" role="alert">
          {faults[at]}
        </p>
      )}
      {notes && <p className="knob-doc">{notes.filter(Boolean).join(" · ")}</p>}
    </fieldset>
  );
}

/** A range between the least and the greatest value of a list. */
function ranged(axis: Axis): Axis {
  const numbers = axis.values.split(",").map(Number).filter(Number.isFinite);
  if (axis.from !== "" || numbers.length === 0) return { ...axis, range: true };
  return { ...axis, range: true, from: String(Math.min(...numbers)), to: String(Math.max(...numbers)) };
}

interface PartProps {
  label: string;
  of: string;
  text: string;
  fault: string | undefined;
  wide?: boolean;
  onCommit: (text: string) => void;
}

/** One text of a knob, taken when it is left or Enter is pressed. */
function Part({ label, of, text, fault, wide = false, onCommit }: PartProps) {
  const id = useId();
  const [typed, setTyped] = useState(text);
  useEffect(() => setTyped(text), [text]);
  const leave = () => typed !== text && onCommit(typed);
  return (
    <span className={`axis-part${fault ? " knob-wrong" : ""}${wide ? " axis-wide" : ""}`}>
      <label htmlFor={id} className="fine">
        <span className="unseen">{of}, </span>
        {label}
      </label>
      <input
        id={id}
        type="text"
        value={typed}
        spellCheck={false}
        autoComplete="off"
        aria-invalid={fault !== undefined}
        aria-describedby={fault ? `${id}-why` : undefined}
        onChange={(e) => setTyped(e.target.value)}
        onBlur={leave}
        onKeyDown={(e) => e.key === "Enter" && leave()}
      />
      {fault && (
        <span className="knob-error" id={`${id}-why`} role="alert">
          {fault}
        </span>
      )}
    </span>
  );
}
