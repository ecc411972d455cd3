import { useState } from "react";
import type { Cell, Notebook, Stale } from "../../lib/api.gen";
import { settingsOf } from "../../lib/arms";
import { staleArm } from "../../lib/stale";
import { ArmSwatch } from "../common/ArmSwatch";
import { Button } from "../common/Button";
import type { CellActions } from "./actions";
import { ArmsForm } from "./ArmsForm";

interface Props {
  cell: Cell;
  book: () => Notebook;
  actions: CellActions;
  stale: Stale | undefined;
}

/** Arms, or the cases they are crossed with: each with the settings that make it. A form changes them. */
export function ArmsCell({ cell, book, actions, stale }: Props) {
  const [editing, setEditing] = useState(false);
  const rows = settingsOf(cell.value);
  const arms = cell.kind === "arms";
  const toggle = (
    <Button look="quiet" pressed={editing} onClick={() => setEditing(!editing)}>
      {editing ? "Done" : `Change ${cell.kind}`}
    </Button>
  );
  if (editing)
    return (
      <>
        <ArmsForm cell={cell} rows={rows} notebook={book()} actions={actions} />
        {toggle}
      </>
    );
  return (
    <>
      {rows.length === 0 && <p className="fine">none</p>}
      <ul className="arms">
        {rows.map((row, i) => {
          const old = arms ? staleArm(stale, row.name) : "";
          return (
            <li key={`${row.group} ${row.name}`} className={old ? "arm-stale" : ""}>
              {arms && <ArmSwatch place={i} />}
              <span className="arm-name">
                {row.group && <span className="fine">{row.group} </span>}
                {row.name}
              </span>
              <span className="arm-settings">
                {row.settings.length === 0 && <span className="fine">as set up above</span>}
                {row.settings.map(([path, value]) => (
                  <code key={path}>
                    {path} {value}
                  </code>
                ))}
                {old && <span className="tag tag-stale">~ stale: made with {old}</span>}
              </span>
            </li>
          );
        })}
      </ul>
      {toggle}
    </>
  );
}
