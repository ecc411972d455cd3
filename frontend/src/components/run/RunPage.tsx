import type { ReactNode } from "react";
import { useApp } from "../../lib/app";
import type { RunDetail } from "../../lib/api.gen";
import { useCommands } from "../../lib/commands";
import { chosenMetrics } from "../../lib/metrics";
import { withSelf } from "../../lib/runs";
import { notebookRoute, runRoute, type RunRoute } from "../../lib/route";
import type { RunData } from "../../lib/run-data";
import { failure } from "../../lib/transport";
import { EpisodePanel } from "./EpisodePanel";
import { RunCharts } from "./RunCharts";
import { RunFacts } from "./RunFacts";
import { RunHead } from "./RunHead";
import { RunLog } from "./RunLog";
import { SeedRows } from "./SeedRows";
import type { Verb } from "../../lib/work";

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
  const control = (verb: Verb) => {
    if (!job) return;
    app.transport.post(`job/${job.id}/${verb}`).catch((error: unknown) => app.notice(failure(error).message));
  };
  const live = job?.state === "running" || job?.state === "paused";
  useCommands(
    app.commands,
    live
      ? [
          {
            id: "pause",
            title: job.state === "paused" ? "Resume" : "Pause",
            group: "Run",
            keys: ["Space"],
            run: () => control(job.state === "paused" ? "resume" : "pause"),
          },
          {
            id: "finish",
            title: "Stop after this unit of work",
            group: "Run",
            keys: ["."],
            run: () => control("finish"),
          },
        ]
      : [],
  );
  return (
    <div className="page run-page">
      <RunHead
        detail={detail}
        job={job}
        onControl={control}
        onNotebook={() => app.navigation.go(notebookRoute(detail.notebook, detail.row.budget))}
      />
      {children ?? (
        <>
          <RunCharts detail={detail} version={run.version} />
          <EpisodePanel run={run} detail={detail} route={route} />
        </>
      )}
      <SeedRows
        runs={withSelf(detail.row, detail.siblings ?? [])}
        metrics={chosenMetrics(detail.metrics ?? [])}
        current={detail.row.key}
        onOpen={(key) => app.navigation.go(runRoute(key))}
      />
      <div className="run-foot">
        <RunLog log={detail.log ?? []} />
        <RunFacts detail={detail} />
      </div>
    </div>
  );
}
