import type { RunRow, Stale } from "../../lib/api.gen";
import { armStates } from "../../lib/side";
import { StateMark } from "../common/StateMark";
import { count } from "../../lib/format";

interface Props {
  arms: readonly string[];
  runs: readonly RunRow[];
  stale: Stale | undefined;
  onOpen: (key: string) => void;
}

/** Beside the outline: every arm with the state of its runs, and what the newest memories hold. */
export function SideRuns({ arms, runs, stale, onOpen }: Props) {
  const rows = armStates(arms, runs, stale);
  const memories = rows.filter((r) => r.entries !== undefined);
  return (
    <>
      <h2>Arms</h2>
      <ul className="side-list">
        {rows.map((r) => (
          <li key={r.arm}>
            <button type="button" disabled={r.key === ""} title={r.words} onClick={() => onOpen(r.key)}>
              <span className="outline-title">{r.arm}</span>
              {r.state ? <StateMark state={r.state} /> : <span className="fine">not run</span>}
              <span className="unseen">{r.words}</span>
            </button>
          </li>
        ))}
      </ul>
      {memories.length > 0 && (
        <>
          <h2>Memory</h2>
          <ul className="side-list side-memory">
            {memories.map((r) => (
              <li key={r.arm}>
                <span className="outline-title">{r.arm}</span>
                <span className="fine">{count(r.entries ?? 0)} entries</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
