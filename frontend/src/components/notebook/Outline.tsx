import { useState, type ReactNode, type RefObject } from "react";
import type { Cell, Notebook } from "../../lib/api.gen";
import { findCells, foundLine } from "../../lib/find";
import { plural } from "../../lib/format";
import { cellTitle } from "../../lib/notebook";
import { problemsByCell } from "../../lib/same-cells";

interface Props {
  notebook: Notebook;
  selected: string;
  /** State of a cell in a word, "" when there is nothing to say. */
  stateOf: (cell: string) => string;
  onGo: (cell: string) => void;
  /** The search field: the key / leads to it. */
  searchRef: RefObject<HTMLInputElement | null>;
  /** Arms and memories below the cells. */
  children?: ReactNode;
}

const MARKS: Record<string, string> = {
  held: "●",
  "not held": "✕",
  "cannot tell": "◐",
  running: "▸",
  done: "✓",
  paused: "=",
  failed: "!",
  stale: "~",
  problem: "!",
};

/** The cells in order, each with its state as shape and word. A search leaves those that hold the words. */
export function Outline({ notebook, selected, stateOf, onGo, searchRef, children }: Props) {
  const [query, setQuery] = useState("");
  const cells = notebook.cells ?? [];
  const found = findCells(cells, query);
  const problems = problemsByCell(notebook);
  const step = (by: 1 | -1) => {
    const at = found.findIndex((c) => c.id === selected);
    const next = found[(at + by + found.length) % Math.max(found.length, 1)];
    if (next) onGo(next.id);
  };
  const line = (cell: Cell) => {
    const state = problems(cell.id).length > 0 ? "problem" : stateOf(cell.id);
    const hit = foundLine(cell, query);
    return (
      <li key={cell.id}>
        <button
          type="button"
          aria-current={cell.id === selected ? "location" : undefined}
          onClick={() => onGo(cell.id)}
        >
          <span className={`outline-title outline-${cell.kind}`}>
            {cellTitle(cell)}
            {hit && <span className="outline-hit">{hit}</span>}
          </span>
          {state && (
            <span className="outline-state" title={state}>
              <span aria-hidden="true">{MARKS[state] ?? "·"}</span>
              <span className="unseen">{state}</span>
            </span>
          )}
        </button>
      </li>
    );
  };
  return (
    <nav className="outline" aria-label="Outline">
      <h2>Outline</h2>
      <input
        ref={searchRef}
        type="search"
        className="outline-search"
        aria-label="search in this notebook"
        placeholder="search here  /"
        value={query}
        onChange={(e) => setQuery(e.target.value)}
        onKeyDown={(e) => {
          if (e.key === "Enter") {
            e.preventDefault();
            step(e.shiftKey ? -1 : 1);
          }
          if (e.key === "Escape") {
            setQuery("");
            e.currentTarget.blur();
          }
        }}
      />
      {query.trim() !== "" && (
        <p className="fine outline-count" role="status">
          {found.length === 0 ? "no cell holds this" : `${plural(found.length, "cell")}, Enter goes on`}
        </p>
      )}
      <ol>{found.map(line)}</ol>
      {children && <div className="side">{children}</div>}
    </nav>
  );
}
