import type { Memory } from "../lib/api.gen";
import { shown } from "../lib/format";
import { Button } from "../components/common/Button";
import { life, type Beat } from "./moments";

interface Props {
  operations: readonly Memory[];
  bank: string;
  entry: string;
  moment: number;
  onMoment: (moment: number) => void;
  onOpen: (episode: number, step: number) => void;
  onClose: () => void;
}

const SIGNS: Record<string, string> = { write: "+", change: "~", merge: "Y", read: "*", delete: "x" };
const FIRST = 100;

/** The life of one entry: written, read, changed, deleted, with its numbers at each time. */
export function EntryLife({ operations, bank, entry, moment, onMoment, onOpen, onClose }: Props) {
  const beats = life(operations, bank, entry);
  const text = beats.find((b) => b.operation.after)?.operation.after?.text ?? "";
  return (
    <aside className="report-life" aria-label={`life of ${entry}`}>
      <div className="chart-head">
        <h3>Life of {entry}</h3>
        <span className="grow" />
        <Button look="quiet" icon="close" label="close" onClick={onClose} />
      </div>
      <p>{text}</p>
      <ol>
        {beats.slice(0, FIRST).map((b, i) => (
          <li key={i} aria-current={b.moment === moment ? "step" : undefined}>
            <button type="button" className="link" onClick={() => onMoment(b.moment)}>
              {SIGNS[b.operation.op] ?? ""} {b.operation.op}
            </button>{" "}
            <button
              type="button"
              className="link fine"
              onClick={() => onOpen(b.operation.episode, b.operation.t)}
            >
              episode {b.operation.episode}, step {b.operation.t}
            </button>{" "}
            <span className="fine">{words(b)}</span>
          </li>
        ))}
      </ol>
      {beats.length > FIRST && (
        <p className="fine">
          the first {FIRST} of {beats.length}
        </p>
      )}
    </aside>
  );
}

function words(beat: Beat): string {
  const { operation: m, rank } = beat;
  if (m.op !== "read") {
    const numbers = Object.entries(m.after?.numbers ?? {}).map(([name, value]) => `${name} ${shown(value)}`);
    return [m.reason, ...numbers.slice(0, 4)].filter(Boolean).join(" · ");
  }
  const hit = (m.hits ?? []).find((h) => h.rank === rank);
  if (!hit) return "";
  return `rank ${rank}, score ${shown(hit.score)}, ${hit.used ? "in the prompt" : `not used${hit.why ? `: ${hit.why}` : ""}`}`;
}
