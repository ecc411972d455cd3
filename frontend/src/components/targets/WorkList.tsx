import { useState } from "react";
import type { TargetWork } from "../../lib/api.gen";
import { clock, named, percent } from "../../lib/format";
import { runRoute } from "../../lib/route";
import { Button } from "../common/Button";
import { RouteLink } from "../common/RouteLink";
import { StateMark } from "../common/StateMark";

const FIRST = 8;

/** What runs at a target: counts first, then the runs, failed ones before the others. */
export function WorkList({ work }: { work: TargetWork }) {
  const [all, setAll] = useState(false);
  const runs = work.runs ?? [];
  const total = work.running + work.queued + work.failed;
  if (total === 0) return <p className="fine">No run uses it now.</p>;
  return (
    <div className="target-work">
      <p>
        {work.failed > 0 && <span className="tone-bad">! {work.failed} failed · </span>}
        {work.running} running · {work.queued} waiting
      </p>
      <ul>
        {runs.slice(0, all ? undefined : FIRST).map((r) => (
          <li key={r.key}>
            <StateMark state={r.state} />
            <RouteLink to={runRoute(r.key)}>{named(r.arm, r.case, `seed ${r.seed}`)}</RouteLink>
            <span className="fine">{r.total > 0 && percent(r.done / r.total)}</span>
            {r.where !== "" && (
              <span className="fine">
                {r.where}
                {r.there_ms > 0 && `, last heard ${clock(r.there_ms).slice(0, 5)}`}
              </span>
            )}
            {r.state === "failed" && <span className="fine">{r.error}</span>}
          </li>
        ))}
      </ul>
      {!all && runs.length > FIRST && (
        <Button look="quiet" onClick={() => setAll(true)}>
          {runs.length === total ? `all ${total}` : `the first ${runs.length} of ${total}`}
        </Button>
      )}
    </div>
  );
}
