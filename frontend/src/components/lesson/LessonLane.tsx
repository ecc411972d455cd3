import type { Episode, RunRow } from "../../lib/api.gen";
import { percent, plural } from "../../lib/format";
import { lane } from "../../lib/lesson";

const MOST = 80;

/** The training episodes of one run as they happen: a full mark solved its task, an empty one did not. */
export function LessonLane({ run, episodes }: { run: RunRow; episodes: readonly Episode[] }) {
  const shown = lane(episodes, MOST);
  const solved = shown.filter((e) => e.success).length;
  const name = `${run.arm}, seed ${run.seed}: ${solved} of ${plural(shown.length, "episode")} solved`;
  return (
    <div className="lane">
      <span className="lane-name">
        seed {run.seed}
        <span className="fine"> {shown.length > 0 ? `${solved} of ${shown.length}` : words(run)}</span>
      </span>
      <span className="lane-marks" role="img" aria-label={name}>
        {shown.map((e) => (
          <span key={e.id} className={e.success ? "lane-mark lane-solved" : "lane-mark"} />
        ))}
      </span>
    </div>
  );
}

function words(run: RunRow): string {
  if (run.state === "queued") return "waits for a free core";
  if (run.state === "running") return run.total > 0 ? percent(run.done / run.total) : "warming up the reader";
  return run.state;
}
