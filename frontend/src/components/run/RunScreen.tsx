import { useEffect } from "react";
import { useApp } from "../../lib/app";
import { named } from "../../lib/format";
import { library, type RunRoute } from "../../lib/route";
import { useRun } from "../../lib/run-data";
import { Button } from "../common/Button";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { RunList } from "./RunList";
import { RunPage } from "./RunPage";
import { Waiting } from "./Waiting";

/** Opens the run of the address and shows its four states; without one, the runs at hand. */
export default function RunScreen({ route }: { route: RunRoute }) {
  const app = useApp();
  const run = useRun(route.key);
  const { data, error, reload } = run.detail;
  const title = data ? named(data.row.arm, data.row.case, `seed ${data.row.seed}`) : "Runs";
  useEffect(() => {
    app.heading.set({ title, saved: 0 });
    if (data) app.lastRun.set(data.row.key);
  }, [app, title, data]);

  if (route.key === "") return <RunList />;
  if (error && !data) {
    return (
      <div className="page">
        <FailureBox failure={error} what={`the run ${route.key} could not be opened`} onRetry={reload} />
        <Button onClick={() => app.navigation.go({ ...route, key: "" })}>Show the runs at hand</Button>
      </div>
    );
  }
  if (!data) {
    return (
      <div className="page">
        <Loading what="the run" lines={8} onCancel={() => app.navigation.go(library)} />
      </div>
    );
  }
  if ((data.row.state === "queued" || data.row.state === "") && data.episodes === 0) {
    return (
      <RunPage run={run} detail={data} route={route}>
        <Waiting detail={data} job={run.job} />
      </RunPage>
    );
  }
  return <RunPage run={run} detail={data} route={route} />;
}
