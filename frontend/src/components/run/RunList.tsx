import { useApp } from "../../lib/app";
import { library, runRoute } from "../../lib/route";
import { useStore } from "../../lib/store";
import { Button } from "../common/Button";
import { Empty } from "../common/Empty";
import { RunGrid } from "../notebook/RunGrid";
import { StateMark } from "../common/StateMark";

/** The runs at hand when the address names none: those of the jobs since the program started. */
export function RunList() {
  const app = useApp();
  const jobs = useStore(app.jobs);
  return (
    <div className="page">
      <header className="page-head">
        <h1>Runs</h1>
      </header>
      {jobs.length === 0 && (
        <Empty text="Here one sees a run as it goes: its charts, its newest episode, its seeds. Nothing has been started yet.">
          <Button look="main" onClick={() => app.navigation.go(library)}>
            Choose a notebook to run
          </Button>
        </Empty>
      )}
      {jobs.map((job) => (
        <section key={job.id} className="job">
          <h2>
            {job.title} <span className="tag">{job.budget}</span> <StateMark state={job.state} />
          </h2>
          <RunGrid runs={job.runs ?? []} onOpenRun={(key) => app.navigation.go(runRoute(key))} />
        </section>
      ))}
    </div>
  );
}
