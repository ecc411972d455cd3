import { useState } from "react";
import type { Cell, Job, Notebook, Sweep, SweepPoint } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { isLive } from "../../lib/jobs";
import { useAgain, useLast } from "../../lib/kept";
import { useResource } from "../../lib/resource";
import { judgedBy, rungsOf, settings, written } from "../../lib/sweep";
import { Button } from "../common/Button";
import { ChartView } from "../common/ChartView";
import { FailureBox } from "../common/FailureBox";
import type { CellActions } from "./actions";
import { JobPanel } from "./JobPanel";
import { PlainCell } from "./PlainCell";
import type { RunControls } from "./RunCell";
import { SweepTable } from "./SweepTable";

interface Props {
  cell: Cell;
  notebook: Notebook;
  path: string;
  budget: string;
  controls: RunControls;
  actions: CellActions;
}

/** How long results wait after news before they are read again, in milliseconds. */
const CALM = 700;

/** A sweep: its text, the button that runs it, and what it has found so far as a table and two pictures. */
export function SweepCell({ cell, notebook, path, budget, controls, actions }: Props) {
  const app = useApp();
  const sweepOf = { path, sweep: cell.name, budget };
  const jobs = controls.sweeps.filter((j) => j.sweep === cell.name && j.budget === budget);
  const job = jobs.find(isLive) ?? jobs[0];
  const settled = settledOf(job);
  const key = controls.blocked ? "" : `sweep ${path} ${cell.name} ${budget} ${notebook.revision}`;
  const found = useResource(key, (signal) => app.transport.get<Sweep>("sweep", sweepOf, signal));
  const kept = useLast(found.data, `${path} ${cell.name} ${budget}`);
  const version = useAgain(settled, found.reload, CALM);
  const use = (point: SweepPoint) => {
    const edits = kept && settings(notebook, kept, point);
    if (!edits)
      return app.notice("the notebook has no cell that could hold these values: add the set-up cell");
    for (const edit of edits) void actions.send(edit);
    const values = (kept.knobs ?? []).map((knob, i) => `${knob} ${written(point.values?.[i])}`);
    app.notice(`${point.arm} now has ${values.join(", ")}; undo takes it back`);
  };
  const going = job !== undefined && isLive(job);
  return (
    <>
      <PlainCell cell={cell} />
      <div className="sweep-row">
        <Button
          look="main"
          icon="play"
          disabled={going || !kept || kept.plan.todo === 0 || controls.blocked !== ""}
          onClick={() => controls.onSweep(cell.name)}
        >
          {kept ? kept.plan.label : found.error ? "Run" : "Counting what is missing …"}
        </Button>
      </div>
      {controls.blocked && <p className="knob-error">{controls.blocked}</p>}
      {found.error && (
        <FailureBox failure={found.error} what="this sweep cannot run now" onRetry={found.reload} />
      )}
      {kept && <p className="fine">{[judgedBy(kept), rungsOf(kept)].filter(Boolean).join(" · ")}</p>}
      {job && (
        <JobPanel
          job={job}
          onControl={(verb) => controls.onControlJob(job, verb)}
          onOpenRun={controls.onOpenRun}
        />
      )}
      {kept && begun(kept, job) && (
        <>
          <SweepTable sweep={kept} onUse={notebook.read_only ? undefined : use} />
          <Pictures sweep={kept} query={sweepOf} version={version} />
        </>
      )}
      {kept && !begun(kept, job) && <p className="fine">Points appear here once the sweep runs.</p>}
    </>
  );
}

/** Parallel coordinates, and the metric over one knob. */
function Pictures({
  sweep,
  query,
  version,
}: {
  sweep: Sweep;
  query: Record<string, string>;
  version: number;
}) {
  const knobs = sweep.knobs ?? [];
  const [chosen, setChosen] = useState("");
  const knob = knobs.includes(chosen) ? chosen : (knobs[0] ?? "");
  return (
    <>
      <ChartView
        title={`${sweep.name}: all knobs`}
        source={sourceOf(query, { picture: "parallel" })}
        version={version}
      />
      {knobs.length > 1 && (
        <label className="sweep-knob">
          knob of the next picture{" "}
          <select value={knob} onChange={(e) => setChosen(e.target.value)}>
            {knobs.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      )}
      <ChartView
        key={knob}
        title={`${sweep.metric || "metric"} over ${knob}`}
        source={sourceOf(query, { picture: "slice", knob })}
        version={version}
      />
    </>
  );
}

function sourceOf(query: Record<string, string>, more: Record<string, string>) {
  const all = { ...query, ...more };
  return { path: "sweep/chart", rows: "sweep/rows", query: all, topic: `sweep:${new URLSearchParams(all)}` };
}

function begun(sweep: Sweep, job: Job | undefined): boolean {
  return job !== undefined || (sweep.points ?? []).some((p) => p.done > 0 || p.state !== "incomplete");
}

function settledOf(job: Job | undefined): string {
  return job ? `${job.id} ${job.done} ${job.failed} ${(job.runs ?? []).length} ${job.state}` : "";
}
