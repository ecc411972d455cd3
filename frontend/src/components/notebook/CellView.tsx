import { memo, useEffect, useRef, useState } from "react";
import { useApp } from "../../lib/app";
import type { Cell, Notebook, Results } from "../../lib/api.gen";
import { cellTitle, isSetup, problemsOf } from "../../lib/notebook";
import { Button } from "../common/Button";
import type { CellActions } from "./actions";
import { CellBody } from "./CellBody";
import { CellMenu } from "./CellMenu";
import { ProblemList } from "./ProblemList";
import type { RunControls } from "./RunCell";
import { TwinEditor } from "./TwinEditor";

export interface CellViewProps {
  /** Key of the cell on the page: it outlives a rename. */
  place: string;
  cell: Cell;
  notebook: Notebook;
  selected: boolean;
  editing: boolean;
  actions: CellActions;
  budget: string;
  /** Only of the run cell: it changes with every word from the runs, and the other cells need not be drawn again. */
  controls: RunControls | undefined;
  /** Only of claims and tables. */
  results: Results | undefined;
  /** Rises when the charts should be read again. */
  version: number;
  onSelect: (id: string) => void;
  onEdit: (place: string, on: boolean) => void;
}

/** One cell: its head, its body or its text, and its problems. */
export const CellView = memo(function CellView(props: CellViewProps) {
  const { place, cell, notebook, selected, editing, onSelect, onEdit } = props;
  const { navigation } = useApp();
  const [asText, setAsText] = useState(false);
  const ref = useRef<HTMLElement>(null);
  const problems = problemsOf(notebook, cell.id);
  const prose = cell.kind === "prose";
  const broken = !prose && (cell.value === null || cell.value === undefined);
  const text = !prose && (asText || broken || (editing && !hasForm(cell)));

  // An address that names the cell leads to it; afterwards keys and outline move the page, and a click must not.
  const first = useRef(selected);
  useEffect(() => {
    if (!first.current) return;
    ref.current?.focus({ preventScroll: true });
    if (navigation.keptScroll() === 0) ref.current?.scrollIntoView({ block: "nearest" });
  }, [navigation]);

  return (
    <section
      ref={ref}
      id={`cell-${cell.id}`}
      className={`cell cell-${cell.kind}${selected ? " cell-selected" : ""}`}
      tabIndex={-1}
      aria-label={cellTitle(cell)}
      onFocus={() => onSelect(cell.id)}
      onPointerDown={() => onSelect(cell.id)}
    >
      {prose && (
        <div className="cell-tools">
          <CellMenu cell={cell} actions={props.actions} onEdit={() => onEdit(place, true)} />
        </div>
      )}
      {!prose && (
        <div className="cell-head">
          <h2>
            <span className="cell-kind">{KINDS[cell.kind] ?? cell.kind}</span>
            {cell.name && <span className="cell-name">{cell.name}</span>}
          </h2>
          <span className="grow" />
          <Button
            look="quiet"
            icon="text"
            pressed={text}
            disabled={broken}
            onClick={() => {
              setAsText(!asText);
              if (editing) onEdit(place, false);
            }}
          >
            {text ? "As form" : "As text"}
          </Button>
          <CellMenu cell={cell} actions={props.actions} onEdit={() => setAsText(true)} />
        </div>
      )}
      {text ? (
        <TwinEditor
          cell={cell}
          problems={problems}
          focus={editing}
          actions={props.actions}
          onLeave={() => {
            setAsText(false);
            onEdit(place, false);
          }}
        />
      ) : (
        <CellBody {...props} />
      )}
      <ProblemList problems={problems} />
    </section>
  );
});

const KINDS: Record<string, string> = {
  world: "World",
  agent: "Agent",
  memory: "Memory",
  rl: "Learning",
  arms: "Arms",
  cases: "Cases",
  run: "Run",
  sweep: "Sweep",
  chart: "Chart",
  table: "Table",
  claim: "Claim",
  "memory-view": "Memory",
  note: "Note",
};

function hasForm(cell: Cell): boolean {
  return isSetup(cell) || cell.kind === "run";
}
