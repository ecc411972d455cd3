import type { Job, RunDetail } from "../../lib/api.gen";
import { count, duration, named, percent, timeLeft } from "../../lib/format";
import { isLive } from "../../lib/jobs";
import type { RunActions } from "../../lib/run-actions";
import { Button } from "../common/Button";
import { ProgressBar } from "../common/ProgressBar";
import { StateMark } from "../common/StateMark";
import { DeleteRun } from "./DeleteRun";
import { Heard } from "./Heard";
import { JobCounts } from "./JobCounts";
import { RunControls } from "./RunControls";

interface Props {
  detail: RunDetail;
  job: Job | undefined;
  actions: RunActions;
  onNotebook: () => void;
}

/** What runs, how far it is, how long it will take, and how to stop it. */
export function RunHead({ detail, job, actions, onNotebook }: Props) {
  const { row } = detail;
  const live = job !== undefined && isLive(job);
  const share = row.state === "done" ? 1 : row.total > 0 ? row.done / row.total : 0;
  return (
    <header className="run-head">
      <p className="crumbs">
        <Button look="quiet" icon="back" onClick={onNotebook}>
          {detail.title || detail.notebook || "notebook"}
        </Button>
        {!live && <DeleteRun row={row} />}
      </p>
      <h1>
        {named(row.arm, row.case)} <span className="fine">seed {row.seed}</span>
        {row.redone > 0 && (
          <span className="tag">redone {row.redone > 1 ? `${row.redone} times` : "once"}</span>
        )}
      </h1>
      <div className="job-line">
        <StateMark state={row.state} />
        <span className="tag">{row.budget}</span>
        <ProgressBar share={share} label="progress of this run" />
        <span className="job-numbers">
          {percent(share)} · {count(row.done)} of {count(row.total)} {row.unit}
          {row.seconds > 0 && ` · ${duration(row.seconds)} of work`}
        </span>
      </div>
      {job && (
        <div className="job-line">
          <JobCounts job={job} />
          {live && job.state === "running" && (
            <span className="job-numbers">
              {timeLeft(job.left_lo, job.left_hi)}
              {job.why && <span className="tone-wait"> · longer than before: {job.why}</span>}
            </span>
          )}
        </div>
      )}
      <RunControls detail={detail} job={live ? job : undefined} actions={actions} />
      <Heard row={row} />
      {row.error && (
        <p className="knob-error" role="alert">
          {row.error}. <span className="hint">{row.hint}</span>
        </p>
      )}
    </header>
  );
}
