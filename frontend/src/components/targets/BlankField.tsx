import { useId } from "react";
import type { Blank } from "../../lib/api.gen";

interface Props {
  blank: Blank;
  value: string;
  onChange: (value: string) => void;
}

/** One blank of a target's form. */
export function BlankField({ blank, value, onChange }: Props) {
  const id = useId();
  if (blank.type === "switch")
    return (
      <div className="blank-switch">
        <input
          id={id}
          type="checkbox"
          aria-describedby={`${id}-doc`}
          checked={value === "true"}
          onChange={(e) => onChange(e.target.checked ? "true" : "")}
        />
        <label htmlFor={id}>{blank.title}</label>
        <span id={`${id}-doc`} className="fine">
          {blank.doc}
        </span>
      </div>
    );
  const number = blank.type === "whole" || blank.type === "number";
  return (
    <div className="blank">
      <label htmlFor={id}>
        {blank.title}
        {blank.unit && <span className="fine"> {blank.unit}</span>}
      </label>
      <input
        id={id}
        type="text"
        inputMode={number ? "decimal" : "text"}
        aria-describedby={`${id}-doc`}
        aria-required={blank.wanted}
        placeholder={blank.default}
        value={value}
        onChange={(e) => onChange(e.target.value)}
      />
      <span id={`${id}-doc`} className="fine">
        {blank.doc}
      </span>
    </div>
  );
}
