import { useEffect, useId, useState } from "react";
import type { FormField, Json } from "../../lib/api.gen";
import { parseKnob, rangeOf, showKnob, sliderStep } from "../../lib/knob";
import { KnobControl } from "./KnobControl";

interface Props {
  form: FormField;
  onSet: (value: Json) => void;
}

/** One knob: its name, its control, what it means, its range, the paper's value, its pitfall. */
export function KnobField({ form, onSet }: Props) {
  const { field } = form;
  const id = useId();
  const shown = showKnob(form.value);
  const [text, setText] = useState(shown);
  const [error, setError] = useState("");
  useEffect(() => {
    setText(shown);
    setError("");
  }, [shown]);

  const commit = (next: string) => {
    setText(next);
    const parsed = parseKnob(field, next);
    setError(parsed.ok ? "" : parsed.why);
    if (parsed.ok && showKnob(parsed.value) !== shown) onSet(parsed.value);
  };
  const leave = () => {
    commit(text);
  };
  const notes = [rangeOf(field), field.unit].filter(Boolean).join(" ");
  return (
    <div
      className={`knob${form.set ? " knob-set" : ""}${error ? " knob-wrong" : ""}`}
      data-field={field.path}
    >
      <label className="knob-name" htmlFor={id}>
        {field.symbol && field.symbol !== field.path && <i className="knob-symbol">{field.symbol}</i>}
        {field.path}
      </label>
      <KnobControl
        id={id}
        field={field}
        text={text}
        step={sliderStep(field)}
        wrong={error !== ""}
        onType={setText}
        onCommit={commit}
        onLeave={leave}
      />
      <p className="knob-doc" id={`${id}-doc`}>
        {[field.doc, notes, field.paper && `paper: ${field.paper}`].filter(Boolean).join(" · ")}
        {form.set && showKnob(field.default) !== shown && (
          <button type="button" className="link" onClick={() => onSet(null)}>
            use default {showKnob(field.default)}
          </button>
        )}
      </p>
      {field.pitfall && (
        <p className="knob-pitfall">
          <span aria-hidden="true">!</span> {field.pitfall}
        </p>
      )}
      {error && (
        <p className="knob-error" role="alert">
          {error}; {shown === "" ? "nothing" : shown} stays
        </p>
      )}
    </div>
  );
}
