import { useEffect, useState } from "react";
import { count } from "../../lib/format";
import { Button } from "../common/Button";

interface Props {
  at: number;
  last: number;
  onStep: (t: number) => void;
}

/** The step as a number that one may type, with the ones before and behind it. */
export function StepField({ at, last, onStep }: Props) {
  const [text, setText] = useState(String(at));
  useEffect(() => setText(String(at)), [at]);
  const take = () => {
    const t = Number(text);
    if (/^\d+$/.test(text.trim())) onStep(Math.min(last, t));
    else setText(String(at));
  };
  return (
    <div className="step-field" role="group" aria-label="step">
      <Button icon="back" label="Previous step" title="k" disabled={at <= 0} onClick={() => onStep(at - 1)} />
      <label>
        step{" "}
        <input
          type="text"
          inputMode="numeric"
          value={text}
          size={Math.max(2, String(last).length)}
          onChange={(e) => setText(e.target.value)}
          onBlur={take}
          onKeyDown={(e) => {
            if (e.key === "Enter") take();
            if (e.key === "Escape") {
              setText(String(at));
              e.currentTarget.blur();
            }
          }}
        />
      </label>
      <span className="fine">of {count(last)}</span>
      <Button
        icon="chevron"
        label="Next step"
        title="j"
        disabled={at >= last}
        onClick={() => onStep(at + 1)}
      />
    </div>
  );
}
