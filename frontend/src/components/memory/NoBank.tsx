import type { MemoryInfo } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { named, plural } from "../../lib/format";
import { runRoute, type MemoryRoute } from "../../lib/route";
import { Button } from "../common/Button";
import { MemoryChart } from "./MemoryChart";
import { WeightsView } from "./WeightsView";

/** A run without memory operations: what its memory is, when to expect the first one, and what is known of its size. */
export function NoBank({ info, route }: { info: MemoryInfo; route: MemoryRoute }) {
  const app = useApp();
  const open = ["running", "queued", "paused"].includes(info.state);
  const waits = info.states === 0 && (open || info.first !== "");
  return (
    <div className="page memory-page">
      <header className="memory-head">
        <h1>{named(info.arm, info.case, `seed ${info.seed}`)}</h1>
        <span className="fine">{info.title}</span>
      </header>
      <div className="empty">
        <p>
          {waits
            ? `Nothing written yet${info.first ? `; ${info.first}` : ""}.`
            : "This run recorded no memory operations: it has no bank of entries."}{" "}
          {info.form && `Its memory: ${info.form.replace(/\.$/, "")}.`}
        </p>
        <Button onClick={() => app.navigation.go(runRoute(info.key))}>Open the run</Button>
      </div>
      {info.states > 0 && <WeightsView info={info} route={route} />}
      {info.episodes > 0 && (
        <MemoryChart
          title={`memory size over ${plural(info.episodes, "episode")}`}
          path={`run/${info.key}/memory/chart`}
          query={{ of: "episodes" }}
          version={info.episodes}
        />
      )}
    </div>
  );
}
