import { ArmsCell } from "./ArmsCell";
import type { CellViewProps } from "./CellView";
import { ChartCell } from "./ChartCell";
import { ClaimCell } from "./ClaimCell";
import { NoteCell } from "./NoteCell";
import { PlainCell } from "./PlainCell";
import { ProseCell } from "./ProseCell";
import { RunCell } from "./RunCell";
import { SetupCell } from "./SetupCell";
import { SweepCell } from "./SweepCell";
import { TableCell } from "./TableCell";

/** The body that fits a kind of cell. Kinds without one of their own show their text. */
export function CellBody(props: CellViewProps) {
  const { cell, path, actions, controls, results, stale } = props;
  switch (cell.kind) {
    case "prose":
      return (
        <ProseCell
          cell={cell}
          editing={props.editing}
          actions={actions}
          onEdit={(on) => props.onEdit(props.place, on)}
        />
      );
    case "world":
    case "agent":
    case "memory":
    case "rl":
      return <SetupCell cell={cell} actions={actions} stale={stale} />;
    case "arms":
    case "cases":
      return <ArmsCell cell={cell} book={props.book} actions={actions} stale={stale} />;
    case "run":
      if (!controls) return <PlainCell cell={cell} />;
      return (
        <RunCell
          cell={cell}
          controls={controls}
          onSet={(field, value) => actions.send({ type: "set-field", cell: cell.id, field, value })}
        />
      );
    case "chart":
      return (
        <ChartCell
          cell={cell}
          path={path}
          budget={props.budget}
          version={props.version}
          current={props.selected}
        />
      );
    case "claim":
      return <ClaimCell cell={cell} results={results} controls={controls} />;
    case "note":
      return (
        <NoteCell
          cell={cell}
          editing={props.editing}
          actions={actions}
          onEdit={(on) => props.onEdit(props.place, on)}
        />
      );
    case "sweep":
      if (!controls) return <PlainCell cell={cell} />;
      return (
        <SweepCell
          cell={cell}
          notebook={props.book()}
          path={path}
          budget={props.budget}
          controls={controls}
          actions={actions}
        />
      );
    case "table":
      return <TableCell results={results} />;
    default:
      return <PlainCell cell={cell} />;
  }
}
