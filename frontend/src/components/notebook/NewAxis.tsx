import { useId, useState } from "react";
import type { KeySpec } from "../../lib/complete";
import { Button } from "../common/Button";

interface Props {
  /** Knobs of the set-up that are not in the sweep yet. */
  known: readonly KeySpec[];
  fault: string;
  onAdd: (path: string) => void;
}

/** Adds a knob to a sweep. Only knobs of the set-up can be added: every run would refuse another. */
export function NewAxis({ known, fault, onAdd }: Props) {
  const id = useId();
  const [path, setPath] = useState("");
  const [tried, setTried] = useState("");
  const add = () => {
    const name = path.trim();
    const found = known.some((k) => k.label === name);
    setTried(found ? "" : name);
    if (!found) return;
    onAdd(name);
    setPath("");
  };
  const why = tried ? unknown(tried, known) : fault;
  return (
    <div className="axis-new">
      <label htmlFor={id}>knob to try</label>
      <span className="knob-typed">
        <input
          id={id}
          type="text"
          list={`${id}-list`}
          value={path}
          placeholder={known[0]?.label}
          spellCheck={false}
          autoComplete="off"
          aria-invalid={why !== ""}
          aria-describedby={why ? `${id}-why` : undefined}
          onChange={(e) => setPath(e.target.value)}
          onKeyDown={(e) => e.key === "Enter" && add()}
        />
        <Button onClick={add} disabled={path.trim() === ""}>
          Add knob
        </Button>
      </span>
      <datalist id={`${id}-list`}>
        {known.map((k) => (
          <option key={k.label} value={k.label} label={k.info} />
        ))}
      </datalist>
      {why && (
        <p className="knob-error" id={`${id}-why`} role="alert">
          {why}
        </p>
      )}
    </div>
  );
}

/** Says which knobs there are: those of the section that was meant, where there is such a section. */
function unknown(path: string, known: readonly KeySpec[]): string {
  const head = path.split(".")[0] ?? "";
  const near = known.filter((k) => k.label.startsWith(`${head}.`));
  const names = (near.length > 0 ? near : known).map((k) => k.label);
  const more = names.length > 12 ? ` and ${names.length - 12} more` : "";
  return `there is no knob “${path}” that could be added, want one of ${names.slice(0, 12).join(", ")}${more}`;
}
