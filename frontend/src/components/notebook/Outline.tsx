import type { Notebook } from "../../lib/api.gen";
import { cellTitle, problemsOf } from "../../lib/notebook";

interface Props {
  notebook: Notebook;
  selected: string;
  /** State of a cell in a word, "" when there is nothing to say. */
  stateOf: (cell: string) => string;
  onGo: (cell: string) => void;
}

const MARKS: Record<string, string> = {
  held: "●",
  "not held": "✕",
  "cannot tell": "◐",
  running: "▸",
  done: "✓",
  paused: "=",
  failed: "!",
  problem: "!",
};

/** The cells in order, each with its state as shape and word. */
export function Outline({ notebook, selected, stateOf, onGo }: Props) {
  return (
    <nav className="outline" aria-label="Outline">
      <h2>Outline</h2>
      <ol>
        {(notebook.cells ?? []).map((cell) => {
          const state = problemsOf(notebook, cell.id).length > 0 ? "problem" : stateOf(cell.id);
          return (
            <li key={cell.id}>
              <button
                type="button"
                aria-current={cell.id === selected ? "location" : undefined}
                onClick={() => onGo(cell.id)}
              >
                <span className={`outline-title outline-${cell.kind}`}>{cellTitle(cell)}</span>
                {state && (
                  <span className="outline-state" title={state}>
                    <span aria-hidden="true">{MARKS[state] ?? "·"}</span>
                    <span className="unseen">{state}</span>
                  </span>
                )}
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
