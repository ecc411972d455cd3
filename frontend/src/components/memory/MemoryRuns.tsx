import type { RunPage } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { named } from "../../lib/format";
import { useResource } from "../../lib/resource";
import { formatRoute, library, memoryRoute } from "../../lib/route";
import { Button } from "../common/Button";
import { Empty } from "../common/Empty";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { StateMark } from "../common/StateMark";

/** The runs at hand when the address names none. */
export function MemoryRuns() {
  const app = useApp();
  const runs = useResource<RunPage>("memory runs", (signal) =>
    app.transport.get("runs", { limit: 60 }, signal),
  );
  const rows = runs.data?.runs ?? [];
  return (
    <div className="page">
      <header className="page-head">
        <h1>Memory</h1>
        <p className="lead">What an agent knew at any step, when it learned it, and what that did.</p>
      </header>
      {runs.error && (
        <FailureBox failure={runs.error} what="the runs could not be listed" onRetry={runs.reload} />
      )}
      {!runs.data && !runs.error && <Loading what="the runs" />}
      {runs.data && rows.length === 0 && (
        <Empty text="Here one sees the memory of a run, entry by entry. No run is at hand yet.">
          <Button look="main" onClick={() => app.navigation.go(library)}>
            Choose a notebook to run
          </Button>
        </Empty>
      )}
      <ul className="memory-runs">
        {rows.map((r) => (
          <li key={r.key}>
            <a
              href={formatRoute(memoryRoute(r.key))}
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey) return;
                event.preventDefault();
                app.navigation.go(memoryRoute(r.key));
              }}
            >
              {named(r.arm, r.case, `seed ${r.seed}`)}
            </a>
            <span className="tag">{r.budget}</span>
            <StateMark state={r.state} />
          </li>
        ))}
      </ul>
    </div>
  );
}
