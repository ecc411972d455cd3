import type { Job, Lesson, RunRow } from "../../lib/api.gen";
import { useEpisodes } from "../../lib/lesson-episodes";
import { groupRuns } from "../../lib/runs";
import { percent, timeLeft } from "../../lib/format";
import { ArmSwatch } from "../common/ArmSwatch";
import { ProgressBar } from "../common/ProgressBar";
import { StateMark } from "../common/StateMark";
import { LessonLane } from "./LessonLane";

interface Props {
  lesson: Lesson;
  job: Job | undefined;
  runs: readonly RunRow[];
  placeOf: (arm: string) => number;
}

/** The runs as they go: every episode is a mark, arm below arm. */
export function LessonRun({ lesson, job, runs, placeOf }: Props) {
  const names = (lesson.arms ?? []).map((a) => a.name);
  const mine = runs.filter((r) => names.includes(r.arm));
  const episodes = useEpisodes(mine.map((r) => r.key));
  const live = job !== undefined && ["running", "paused", "finishing"].includes(job.state);
  const begun = mine.some((r) => (episodes.get(r.key) ?? []).length > 0);
  return (
    <section className="lesson-part" aria-label="The run">
      <div className="lesson-bar">
        <StateMark state={job?.state ?? "done"} />
        <ProgressBar share={live ? job.share : 1} label="progress of the run" />
        <span className="fine">
          {live && `${percent(job.share)} · ${timeLeft(job.left_lo, job.left_hi)}`}
        </span>
      </div>
      {live && !begun && (
        <p className="fine">
          First a small reader model is trained, once for all runs. Then the episodes come.
        </p>
      )}
      {groupRuns(mine).map((g) => (
        <div key={g.arm} className="lesson-arm">
          <h3>
            <ArmSwatch place={placeOf(g.arm)} /> {g.arm}
          </h3>
          {g.runs.map((r) => (
            <LessonLane key={r.key} run={r} episodes={episodes.get(r.key) ?? []} />
          ))}
        </div>
      ))}
      <p className="fine lane-legend">
        <span className="lane-mark lane-solved" /> solved <span className="lane-mark" /> not solved; newest at
        the right
      </p>
      {job?.error && (
        <p className="knob-error" role="alert">
          {job.error.msg}. <span className="hint">{job.error.hint}</span>
        </p>
      )}
    </section>
  );
}
