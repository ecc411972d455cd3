import { useEffect, useId, useRef, useState } from "react";
import type { FormField, Json } from "../../lib/api.gen";
import { parseKnob, rangeOf, showKnob, sliderStep } from "../../lib/knob";
import { KnobControl } from "./KnobControl";

interface Props {
  form: FormField;
  onSet: (value: Json) => void;
  options?: readonly string[];
  /** "made with 0.3 by value": results that still stand were made with another value. */
  stale?: string;
  /** What is wrong with the value beside other fields. */
  wrong?: string;
}

/** One knob: its name, its control, what it means, its range, the paper's value, its pitfall. */
export function KnobField({ form, onSet, options = [], stale = "", wrong = "" }: Props) {
  const { field } = form;
  const id = useId();
  const shown = showKnob(form.value);
  const [text, setText] = useState(shown);
  const [error, setError] = useState("");
  // What is on its way: leaving the field after Enter must not send it again.
  const sent = useRef("");
  useEffect(() => {
    sent.current = "";
    setText(shown);
    setError("");
  }, [shown]);

  const commit = (next: string) => {
    setText(next);
    const parsed = parseKnob(field, next);
    setError(parsed.ok ? "" : parsed.why);
    if (!parsed.ok) return;
    const value = showKnob(parsed.value);
    if (value === shown || value === sent.current) return;
    sent.current = value;
    onSet(parsed.value);
  };
  const type = (next: string) => {
    sent.current = "";
    setText(next);
  };
  const leave = () => {
    commit(text);
  };
  const notes = [rangeOf(field), field.unit].filter(Boolean).join(" ");
  return (
    <div
      className={`knob${form.set ? " knob-set" : ""}${error || wrong ? " knob-wrong" : ""}${stale ? " knob-is-stale" : ""}`}
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
        wrong={error !== "" || wrong !== ""}
        options={options}
        onType={type}
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
      {stale && (
        <p className="knob-stale">
          <span aria-hidden="true">~</span> stale: results that stand were {stale}
        </p>
      )}
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
      {wrong && !error && (
        <p className="knob-error" role="alert">
          {wrong}
        </p>
      )}
    </div>
  );
}
