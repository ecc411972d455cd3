import type { Job } from "../../lib/api.gen";
import { count } from "../../lib/format";
import { amounts } from "../../lib/run-actions";
import { ProgressBar } from "../common/ProgressBar";

/** All runs of the job: a bar, done, running, failed and left, in episodes. */
export function JobCounts({ job }: { job: Job }) {
  const runs = job.runs ?? [];
  const [work] = amounts(runs);
  const running = runs.filter((r) => r.state === "running").length;
  return (
    <>
      <span className="fine">all {count(runs.length)} runs</span>
      <ProgressBar
        share={job.share}
        failed={runs.length > 0 ? job.failed / runs.length : 0}
        label="progress of all runs of this job"
      />
      <span className="job-numbers">
        {work && work.total > 0 && (
          <>
            {count(work.done)} {work.unit} done, {count(Math.max(0, work.total - work.done))} left ·{" "}
          </>
        )}
        {job.done} done, {running} running
        {job.failed > 0 && <span className="tone-bad">, ! {job.failed} failed</span>}
      </span>
    </>
  );
}
