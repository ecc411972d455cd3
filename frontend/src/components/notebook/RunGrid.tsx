import { useState } from "react";
import type { RunRow } from "../../lib/api.gen";
import { named } from "../../lib/format";
import { groupRuns } from "../../lib/runs";
import { StateMark } from "../common/StateMark";

interface Props {
  runs: readonly RunRow[];
  onOpenRun: (key: string) => void;
}

const SHORT: Record<string, string> = {
  queued: "○",
  running: "▸",
  paused: "=",
  done: "✓",
  failed: "!",
  cancelled: "×",
  interrupted: "~",
};

const FIRST = 24;

/** Arms and cases as rows, their seeds as small buttons that lead to the run. */
export function RunGrid({ runs, onOpenRun }: Props) {
  const [all, setAll] = useState(false);
  const groups = groupRuns(runs);
  const failed = runs.find((r) => r.state === "failed");
  const shown = all ? groups : groups.slice(0, FIRST);
  return (
    <>
      {failed && (
        <p className="knob-error" role="alert">
          {named(failed.arm, failed.case, `seed ${failed.seed}`)}: {failed.error}{" "}
          <span className="hint">{failed.hint}</span>
        </p>
      )}
      <ul className="run-grid">
        {shown.map((g) => (
          <li key={`${g.arm} ${g.case}`}>
            <span className="run-grid-name">{named(g.arm, g.case)}</span>
            <span className="run-grid-seeds">
              {g.runs.map((r) => (
                <button
                  key={r.key}
                  type="button"
                  className={`seed seed-${r.state}`}
                  title={`seed ${r.seed}: ${r.state}, ${share(r)} %`}
                  aria-label={`${named(g.arm, g.case)}, seed ${r.seed}, ${r.state}, ${share(r)} %`}
                  onClick={() => onOpenRun(r.key)}
                >
                  <span className="seed-fill" style={{ width: `${share(r)}%` }} />
                  <span className="seed-text">
                    {SHORT[r.state] ?? "?"} {r.seed}
                  </span>
                </button>
              ))}
            </span>
          </li>
        ))}
      </ul>
      {groups.length > FIRST && (
        <button type="button" className="link" onClick={() => setAll(!all)}>
          {all ? "show fewer" : `show all ${groups.length} arms and cases`}
        </button>
      )}
      <p className="legend">
        {[...new Set(runs.map((r) => r.state))].map((s) => (
          <StateMark key={s} state={s} />
        ))}
      </p>
    </>
  );
}

function share(r: RunRow): number {
  if (r.state === "done") return 100;
  return r.total > 0 ? Math.floor((100 * r.done) / r.total) : 0;
}
