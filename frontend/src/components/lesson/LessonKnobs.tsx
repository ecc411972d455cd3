import type { Json } from "../../lib/api.gen";
import type { LessonKnob } from "../../lib/lesson";
import { KnobField } from "../notebook/KnobField";

interface Props {
  knobs: readonly LessonKnob[];
  /** What else a turned knob does. */
  note: string;
  onSet: (cell: string, field: string, value: Json) => void;
}

/** The paper's knobs alone. */
export function LessonKnobs({ knobs, note, onSet }: Props) {
  if (knobs.length === 0) return <p className="fine">This notebook names no knob for a lesson.</p>;
  return (
    <>
      <p className="fine">{note}</p>
      <div className="knobs">
        {knobs.map((k) => (
          <KnobField
            key={`${k.cell} ${k.field.field.path}`}
            form={k.field}
            onSet={(v) => onSet(k.cell, k.field.field.path, v)}
          />
        ))}
      </div>
    </>
  );
}
