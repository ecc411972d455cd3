import type { Job, RunDetail } from "../../lib/api.gen";
import { age, count, duration, named, percent, timeLeft } from "../../lib/format";
import { isLive } from "../../lib/jobs";
import { useNow } from "../../lib/now";
import { Button } from "../common/Button";
import { ProgressBar } from "../common/ProgressBar";
import { StateMark } from "../common/StateMark";
import type { Verb } from "../../lib/work";

interface Props {
  detail: RunDetail;
  job: Job | undefined;
  onControl: (verb: Verb) => void;
  onNotebook: () => void;
}

/** What runs, how far it is, how long it will take, and how to stop it. */
export function RunHead({ detail, job, onControl, onNotebook }: Props) {
  const { row } = detail;
  const live = job !== undefined && isLive(job);
  const share = row.state === "done" ? 1 : row.total > 0 ? row.done / row.total : 0;
  return (
    <header className="run-head">
      <p className="crumbs">
        <Button look="quiet" icon="back" onClick={onNotebook}>
          {detail.title || detail.notebook || "notebook"}
        </Button>
      </p>
      <h1>
        {named(row.arm, row.case)} <span className="fine">seed {row.seed}</span>
      </h1>
      <div className="job-line">
        <StateMark state={row.state} />
        <span className="tag">{row.budget}</span>
        <ProgressBar share={share} label="progress of this run" />
        <span className="job-numbers">
          {percent(share)} · {count(row.done)} of {count(row.total)} {row.unit}
          {row.seconds > 0 && ` · ${duration(row.seconds)} of work`}
          {live && job.state === "running" && ` · job: ${timeLeft(job.left_lo, job.left_hi)}`}
        </span>
        {live && (
          <span className="job-controls">
            {job.state === "paused" ? (
              <Button icon="play" onClick={() => onControl("resume")}>
                Resume
              </Button>
            ) : (
              <Button icon="pause" title="Space" onClick={() => onControl("pause")}>
                Pause
              </Button>
            )}
            <Button
              icon="finish"
              title="after the unit of work at hand ( . )"
              onClick={() => onControl("finish")}
            >
              Finish
            </Button>
            <Button icon="stop" onClick={() => onControl("stop")}>
              Stop
            </Button>
          </span>
        )}
      </div>
      <Heard state={row.state} ms={row.heard_ms} />
      {row.error && (
        <p className="knob-error" role="alert">
          {row.error}. <span className="hint">{row.hint}</span>
        </p>
      )}
    </header>
  );
}

/** Says when a run that should speak was silent for half a minute. */
function Heard({ state, ms }: { state: string; ms: number }) {
  const now = useNow(1000);
  if (state !== "running" || ms <= 0 || now - ms < 30_000) return null;
  return <p className="tone-wait">~ no news from this run; last heard {age(ms, now)}</p>;
}
