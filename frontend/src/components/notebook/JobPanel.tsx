import type { Job } from "../../lib/api.gen";
import { percent, plural, timeLeft } from "../../lib/format";
import { Button } from "../common/Button";
import { ProgressBar } from "../common/ProgressBar";
import { StateMark } from "../common/StateMark";
import { RunGrid } from "./RunGrid";
import type { Verb } from "../../lib/work";

interface Props {
  job: Job;
  onControl: (verb: Verb) => void;
  onOpenRun: (key: string) => void;
}

/** A job as it goes: bar, time left as a range, controls, and its runs. */
export function JobPanel({ job, onControl, onOpenRun }: Props) {
  const runs = job.runs ?? [];
  const live = job.state === "running" || job.state === "paused" || job.state === "finishing";
  const going = runs.filter((r) => r.state === "running").length;
  return (
    <div className="job" aria-label="this job" role="group">
      <div className="job-line">
        <StateMark state={job.state} />
        <span className="tag">{job.budget}</span>
        <ProgressBar
          share={job.share}
          failed={runs.length > 0 ? job.failed / runs.length : 0}
          label="progress of this job"
        />
        <span className="job-numbers">
          {percent(job.share)}
          {live && job.state !== "paused" && ` · ${timeLeft(job.left_lo, job.left_hi)}`}
        </span>
        {live && (
          <span className="job-controls">
            {job.state === "paused" ? (
              <Button icon="play" onClick={() => onControl("resume")}>
                Resume
              </Button>
            ) : (
              <Button icon="pause" onClick={() => onControl("pause")}>
                Pause
              </Button>
            )}
            <Button
              icon="finish"
              title="stop after the unit of work at hand and keep what is there"
              disabled={job.state === "finishing"}
              onClick={() => onControl("finish")}
            >
              Finish
            </Button>
            <Button
              icon="stop"
              title="stop now; runs continue later from their last checkpoint"
              onClick={() => onControl("stop")}
            >
              Stop
            </Button>
          </span>
        )}
      </div>
      <p className="fine">
        {plural(runs.length + job.ahead, "run")}: {job.done} done, {going} running
        {job.failed > 0 && <span className="tone-bad">, {job.failed} failed</span>}
        {job.ahead > 0 && `, ${job.ahead} in rungs that are to come`}
      </p>
      {job.error && (
        <p className="knob-error" role="alert">
          {job.error.msg}. <span className="hint">{job.error.hint}</span>
        </p>
      )}
      {job.sweep ? (
        <details className="more">
          <summary>runs</summary>
          <RunGrid runs={runs} onOpenRun={onOpenRun} />
        </details>
      ) : (
        <RunGrid runs={runs} onOpenRun={onOpenRun} />
      )}
    </div>
  );
}
