import type { Field } from "../../lib/api.gen";

interface Props {
  id: string;
  field: Field;
  text: string;
  /** Step of a slider beside the number; without it there is none. */
  step: number | undefined;
  wrong: boolean;
  /** Offered while typing. */
  options: readonly string[];
  onType: (text: string) => void;
  onCommit: (text: string) => void;
  onLeave: () => void;
}

/** The control that fits a field: a box, a list, a number with a slider, a number, a line of text. */
export function KnobControl(props: Props) {
  const { id, field, text, onCommit } = props;
  if (field.type === "bool") {
    return (
      <input
        id={id}
        type="checkbox"
        checked={text === "true"}
        aria-describedby={`${id}-doc`}
        onChange={(e) => onCommit(String(e.target.checked))}
      />
    );
  }
  if (field.enum && field.enum.length > 0 && field.type === "string") {
    return (
      <select id={id} value={text} aria-describedby={`${id}-doc`} onChange={(e) => onCommit(e.target.value)}>
        {!field.enum.includes(text) && <option value={text}>{text}</option>}
        {field.enum.map((value) => (
          <option key={value}>{value}</option>
        ))}
      </select>
    );
  }
  return <Typed {...props} />;
}

function Typed({ id, field, text, step, wrong, options, onType, onCommit, onLeave }: Props) {
  const numeric = field.type === "int" || field.type === "uint" || field.type === "float";
  return (
    <span className="knob-typed">
      <input
        id={id}
        type="text"
        inputMode={numeric ? "decimal" : "text"}
        className={numeric ? "numeric" : "wide"}
        value={text}
        spellCheck={false}
        autoComplete="off"
        aria-invalid={wrong}
        list={options.length > 0 ? `${id}-list` : undefined}
        aria-describedby={`${id}-doc`}
        onChange={(e) => onType(e.target.value)}
        onBlur={onLeave}
        onKeyDown={(e) => e.key === "Enter" && !e.shiftKey && !e.ctrlKey && onLeave()}
      />
      {options.length > 0 && (
        <datalist id={`${id}-list`}>
          {options.map((o) => (
            <option key={o} value={o} />
          ))}
        </datalist>
      )}
      {step !== undefined && (
        <input
          type="range"
          aria-label={`${field.path}, slider`}
          min={field.min ?? 0}
          max={field.max ?? 1}
          step={step}
          value={Number(text) || 0}
          onChange={(e) => onType(String(Number(Number(e.target.value).toPrecision(6))))}
          onPointerUp={onLeave}
          onKeyUp={(e) => e.key.startsWith("Arrow") && onCommit(text)}
          onBlur={onLeave}
        />
      )}
    </span>
  );
}
