import { memo, useEffect, useRef, useState } from "react";
import { useApp } from "../../lib/app";
import type { Cell, Notebook, Problem, Results, Stale } from "../../lib/api.gen";
import { useCellDrop } from "../../lib/cell-drag";
import { cellTitle, isSetup } from "../../lib/notebook";
import { Button } from "../common/Button";
import { Icon } from "../common/Icon";
import type { CellActions } from "./actions";
import { CellBody } from "./CellBody";
import { CellForm, hasSettings } from "./CellForm";
import { CellMenu } from "./CellMenu";
import { ProblemList } from "./ProblemList";
import type { RunControls } from "./RunCell";
import { SweepForm } from "./SweepForm";
import { TwinEditor } from "./TwinEditor";

export interface CellViewProps {
  /** Key of the cell on the page: it outlives a rename. */
  place: string;
  cell: Cell;
  /** The notebook as it is when something is done. It is not shown, so that one cell's edit draws no other again. */
  book: () => Notebook;
  path: string;
  problems: readonly Problem[];
  selected: boolean;
  editing: boolean;
  actions: CellActions;
  budget: string;
  /** Only of the cells that run something: it changes with every word from the runs, and the other cells need not be drawn again. */
  controls: RunControls | undefined;
  /** Only of claims and tables. */
  results: Results | undefined;
  /** Only of set-up cells and arms: what was changed since runs were made. */
  stale: Stale | undefined;
  /** Rises when the charts should be read again. */
  version: number;
  onSelect: (id: string) => void;
  onEdit: (place: string, on: boolean) => void;
}

/** One cell: its head, its body or its text, and its problems. */
export const CellView = memo(function CellView(props: CellViewProps) {
  const { place, cell, book, problems, selected, editing, onSelect, onEdit, actions } = props;
  const { navigation } = useApp();
  const [shape, setShape] = useState<"" | "text" | "form">("");
  const ref = useRef<HTMLElement>(null);
  const drop = useCellDrop(cell.id, actions.move);
  const prose = cell.kind === "prose";
  const broken = !prose && (cell.value === null || cell.value === undefined);
  const text = !prose && (shape === "text" || broken || (editing && !hasForm(cell)));
  const form = !text && shape === "form";

  // An address that names the cell leads to it; afterwards keys and outline move the page, and a click must not.
  const first = useRef(selected);
  useEffect(() => {
    if (!first.current) return;
    ref.current?.focus({ preventScroll: true });
    if (navigation.keptScroll() === 0) ref.current?.scrollIntoView({ block: "nearest" });
  }, [navigation]);

  const menu = (
    <>
      <span className="cell-grip" title="drag to move, or Alt+↑ and Alt+↓" {...drop.grip}>
        <Icon name="grip" size={16} />
      </span>
      <CellMenu
        cell={cell}
        notebook={book()}
        actions={actions}
        onEdit={() => (prose ? onEdit(place, true) : setShape("text"))}
      />
    </>
  );
  return (
    <section
      ref={ref}
      id={`cell-${cell.id}`}
      className={`cell cell-${cell.kind}${selected ? " cell-selected" : ""}${drop.className}`}
      tabIndex={-1}
      aria-label={cellTitle(cell)}
      onFocus={() => onSelect(cell.id)}
      onPointerDown={() => onSelect(cell.id)}
      {...drop.target}
    >
      {prose && <div className="cell-tools">{menu}</div>}
      {!prose && (
        <div className="cell-head">
          <h2>
            <span className="cell-kind">{KINDS[cell.kind] ?? cell.kind}</span>
            {cell.name && <span className="cell-name">{cell.name}</span>}
          </h2>
          <span className="grow" />
          {hasSettings(cell) && !broken && (
            <Button look="quiet" pressed={form} onClick={() => setShape(form ? "" : "form")}>
              {form ? "Done" : "Set up"}
            </Button>
          )}
          <Button
            look="quiet"
            icon="text"
            pressed={text}
            disabled={broken}
            onClick={() => {
              setShape(text ? "" : "text");
              if (editing) onEdit(place, false);
            }}
          >
            {text ? "As form" : "As text"}
          </Button>
          {menu}
        </div>
      )}
      {text && (
        <TwinEditor
          cell={cell}
          notebook={book()}
          problems={problems}
          focus={editing}
          actions={actions}
          onLeave={() => {
            setShape("");
            onEdit(place, false);
          }}
        />
      )}
      {form && cell.kind === "sweep" && <SweepForm cell={cell} notebook={book()} actions={actions} />}
      {form && cell.kind !== "sweep" && <CellForm cell={cell} notebook={book()} actions={actions} />}
      {!text && <CellBody {...props} />}
      <ProblemList problems={problems} />
      {cell.good && (
        <p className="cell-good">
          <Button
            icon="undo"
            onClick={() => actions.send({ type: "set-source", cell: cell.id, source: cell.good })}
          >
            Back to the last good text
          </Button>
        </p>
      )}
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
  return isSetup(cell) || cell.kind === "run" || cell.kind === "note";
}
