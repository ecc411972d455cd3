import type { ReactNode } from "react";
import { useApp } from "../../lib/app";
import type { RunDetail } from "../../lib/api.gen";
import { useCommands } from "../../lib/commands";
import { isLive } from "../../lib/jobs";
import { chosenMetrics } from "../../lib/metrics";
import { useOutlines } from "../../lib/outlines";
import { MORE, runActions } from "../../lib/run-actions";
import { withSelf } from "../../lib/runs";
import { notebookRoute, runRoute, type RunRoute } from "../../lib/route";
import type { RunData } from "../../lib/run-data";
import { EpisodePanel } from "./EpisodePanel";
import { RunCharts } from "./RunCharts";
import { RunFacts } from "./RunFacts";
import { RunHead } from "./RunHead";
import { RunLog } from "./RunLog";
import { SeedRows } from "./SeedRows";
import { ServiceUse } from "./ServiceUse";

interface Props {
  run: RunData;
  detail: RunDetail;
  route: RunRoute;
  /** Stands in place of charts and episodes while there are none. */
  children?: ReactNode;
}

/** A run: bar and controls, charts, newest episode, seeds, log, set-up. */
export function RunPage({ run, detail, route, children }: Props) {
  const app = useApp();
  const { job } = run;
  const rows = withSelf(detail.row, detail.siblings ?? []);
  const actions = runActions(app, job, detail, rows);
  const metrics = chosenMetrics(detail.metrics ?? [], detail.row.final);
  const outlines = useOutlines(
    detail.row.key,
    metrics[0] ?? "",
    job !== undefined && isLive(job),
    run.version,
  );
  const live = job?.state === "running" || job?.state === "paused";
  useCommands(app.commands, [
    ...(live
      ? [
          {
            id: "pause",
            title: job.state === "paused" ? "Resume" : "Pause",
            group: "Run",
            keys: ["Space"],
            run: () => actions.control(job.state === "paused" ? "resume" : "pause"),
          },
          {
            id: "finish",
            title: "Stop after this episode",
            group: "Run",
            keys: ["."],
            run: () => actions.control("finish"),
          },
        ]
      : []),
    {
      id: "add-seeds",
      title: `Add ${MORE} seeds`,
      group: "Run",
      keys: ["+"],
      run: () => actions.addSeeds(MORE),
    },
  ]);
  return (
    <div className="page run-page">
      <RunHead
        detail={detail}
        job={job}
        actions={actions}
        onNotebook={() => app.navigation.go(notebookRoute(detail.notebook, detail.row.budget))}
      />
      {detail.row.used && <ServiceUse used={detail.row.used} />}
      {children ?? (
        <>
          <RunCharts detail={detail} version={run.version} />
          <EpisodePanel run={run} detail={detail} route={route} />
        </>
      )}
      <SeedRows
        runs={rows}
        metrics={metrics}
        outlines={outlines}
        current={detail.row.key}
        onOpen={(key) => app.navigation.go(runRoute(key))}
        onAgain={actions.again}
      />
      <div className="run-foot">
        <RunLog log={detail.log ?? []} />
        <RunFacts detail={detail} />
      </div>
    </div>
  );
}
