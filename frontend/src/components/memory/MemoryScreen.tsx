import { useEffect } from "react";
import { useApp } from "../../lib/app";
import { named, percent } from "../../lib/format";
import { useMemoryInfo, useSteady } from "../../lib/memory-data";
import { memoryRoute, type MemoryRoute } from "../../lib/route";
import { Button } from "../common/Button";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { MemoryBrowser } from "./MemoryBrowser";
import { MemoryRuns } from "./MemoryRuns";
import { NoBank } from "./NoBank";
import "../../styles/memory.css";

/** Opens the memory of the run of the address and shows its four states; without a run, the runs at hand. */
export default function MemoryScreen({ route }: { route: MemoryRoute }) {
  const app = useApp();
  const resource = useMemoryInfo(route.key);
  const info = useSteady(resource, route.key);
  const title = info ? `Memory · ${named(info.arm, info.case, `seed ${info.seed}`)}` : "Memory";
  useEffect(() => {
    app.heading.set({ title, saved: 0 });
    if (info) app.lastRun.set(info.key);
  }, [app, title, info]);

  if (route.key === "") return <MemoryRuns />;
  if (resource.error && !info) {
    return (
      <div className="page">
        <FailureBox
          failure={resource.error}
          what={`the memory of run ${route.key} could not be read`}
          onRetry={resource.reload}
        />
        <Button onClick={() => app.navigation.go(memoryRoute(""))}>Show the runs at hand</Button>
      </div>
    );
  }
  if (!info || info.reading < 1) {
    return (
      <div className="page">
        <Loading
          what={`the memory operations of the run${info ? `, ${percent(info.reading)} done` : ""}`}
          lines={10}
          onCancel={() => app.navigation.go(memoryRoute(""))}
        />
      </div>
    );
  }
  if (info.moments === 0) return <NoBank info={info} route={route} />;
  return <MemoryBrowser info={info} route={route} />;
}
