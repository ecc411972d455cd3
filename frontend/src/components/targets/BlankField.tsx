import { useId } from "react";
import type { Blank } from "../../lib/api.gen";
import { PricesField } from "./PricesField";

interface Props {
  blank: Blank;
  value: string;
  /** Names of machines for a blank that wants one. */
  machines: string[];
  /** Models that are known there, for prices. */
  models: string[];
  onChange: (value: string) => void;
}

/** One blank of a target's form. */
export function BlankField({ blank, value, machines, models, onChange }: Props) {
  const id = useId();
  if (blank.type === "prices")
    return <PricesField blank={blank} value={value} models={models} onChange={onChange} />;
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
  const choices = blank.type === "machine" ? ["here", ...machines] : (blank.choices ?? []);
  return (
    <div className="blank">
      <label htmlFor={id}>
        {blank.title}
        {blank.unit && <span className="fine"> {blank.unit}</span>}
      </label>
      {choices.length > 0 ? (
        <select
          id={id}
          aria-describedby={`${id}-doc`}
          value={value || blank.default}
          onChange={(e) => onChange(e.target.value)}
        >
          {choices.map((c) => (
            <option key={c} value={c}>
              {c}
            </option>
          ))}
        </select>
      ) : (
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
      )}
      <span id={`${id}-doc`} className="fine">
        {blank.doc}
      </span>
    </div>
  );
}
