import { useApp } from "../../lib/app";
import type { Job, RunDetail } from "../../lib/api.gen";
import { plural, timeLeft } from "../../lib/format";
import { runActions } from "../../lib/run-actions";
import { Button } from "../common/Button";
import { Empty } from "../common/Empty";
import { RunCharts } from "./RunCharts";

interface Props {
  detail: RunDetail;
  job: Job | undefined;
}

/** A run that has not begun: what will be here and when, and the recorded curves where some came with the notebook. */
export function Waiting({ detail, job }: Props) {
  const app = useApp();
  const actions = runActions(app, job, detail, [detail.row]);
  if (!job)
    return (
      <>
        <Empty text="This run was not begun here. What is drawn below was recorded where the notebook was made; its episodes appear once it runs here.">
          <Button look="main" icon="play" onClick={() => actions.again(detail.row)}>
            Run this seed
          </Button>
        </Empty>
        <RunCharts detail={detail} version={0} />
      </>
    );
  const before = (job.runs ?? []).findIndex((r) => r.key === detail.row.key);
  const ahead = (job.runs ?? []).slice(0, Math.max(0, before)).filter((r) => r.state === "queued").length;
  const left = job.left_hi >= 0 ? `; of the whole job ${timeLeft(job.left_lo, job.left_hi)}` : "";
  return (
    <Empty
      text={`This run waits for its turn, ${plural(ahead, "run")} before it${left}. Its charts and its first episode appear here as soon as it starts.`}
    />
  );
}
