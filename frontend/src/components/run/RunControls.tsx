import type { Job, RunDetail } from "../../lib/api.gen";
import { count } from "../../lib/format";
import { MORE, type RunActions } from "../../lib/run-actions";
import { Button } from "../common/Button";

interface Props {
  detail: RunDetail;
  /** The job while it goes on. */
  job: Job | undefined;
  actions: RunActions;
}

/** Pause, stop after this episode, stop now, more seeds; for a run that stands still, to go on or to do it again. */
export function RunControls({ detail, job, actions }: Props) {
  const { row } = detail;
  const still = row.state === "interrupted" || row.state === "cancelled";
  return (
    <div className="job-controls run-controls" role="group" aria-label="controls of this run">
      {job &&
        (job.state === "paused" ? (
          <Button icon="play" title="Space" onClick={() => actions.control("resume")}>
            Resume
          </Button>
        ) : (
          <Button icon="pause" title="Space" onClick={() => actions.control("pause")}>
            Pause
          </Button>
        ))}
      {job && (
        <Button
          icon="finish"
          title="after the episode or update at hand ( . )"
          disabled={job.state === "finishing"}
          onClick={() => actions.control("finish")}
        >
          Stop after this episode
        </Button>
      )}
      {job && (
        <Button
          icon="stop"
          title="at once; runs continue later from their last checkpoint"
          onClick={() => actions.control("stop")}
        >
          Stop now
        </Button>
      )}
      {!job && still && (
        <Button look="main" icon="play" onClick={() => actions.again(row)}>
          {row.done > 0 ? `Continue from ${unitOf(row.unit)} ${count(row.done)}` : "Start it"}
        </Button>
      )}
      {!job && row.state === "failed" && (
        <Button
          look="main"
          icon="redo"
          title="from its beginning; the failed record is kept"
          onClick={() => actions.again(row)}
        >
          Do this seed again
        </Button>
      )}
      {detail.notebook && (
        <Button title="+" onClick={() => actions.addSeeds(MORE)}>
          Add {MORE} seeds
        </Button>
      )}
    </div>
  );
}

/** One of a unit: "episode" of "episodes". */
function unitOf(unit: string): string {
  return unit.replace(/s$/, "") || "step";
}
