import type { Cell } from "../../lib/api.gen";
import { settingsOf } from "../../lib/arms";
import { ArmSwatch } from "../common/ArmSwatch";

/** Arms, or the cases they are crossed with: each with the settings that make it. */
export function ArmsCell({ cell }: { cell: Cell }) {
  const rows = settingsOf(cell.value);
  if (rows.length === 0) return <p className="fine">none</p>;
  const arms = cell.kind === "arms";
  return (
    <ul className="arms">
      {rows.map((row, i) => (
        <li key={`${row.group} ${row.name}`}>
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
          </span>
        </li>
      ))}
    </ul>
  );
}
