import { useEffect, useRef } from "react";
import type { Chart, ForkView } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { Flusher } from "../../lib/flush";
import { LiveChart } from "../../lib/livechart";
import { useResource } from "../../lib/resource";
import { useStore } from "../../lib/store";
import { mode } from "../../lib/theme";
import { DataTable } from "../common/DataTable";
import { FailureBox } from "../common/FailureBox";

const still = new Flusher({
  frame: (run) => void requestAnimationFrame(run),
  now: () => performance.now(),
  pause: () => 0,
});

/** The pairs as a picture, with the sentence and the table that say the same. */
export function PairsChart({ fork }: { fork: ForkView }) {
  const { transport } = useApp();
  const ground = useStore(mode);
  const host = useRef<HTMLDivElement>(null);
  const pairs = fork.effect?.pairs ?? 0;
  const { data, error, reload } = useResource<Chart>(`pairs ${fork.key} ${pairs} ${ground}`, (signal) =>
    transport.get(`fork/${fork.key}/chart`, { dark: ground === "dark" ? 1 : 0 }, signal),
  );
  useEffect(() => {
    const element = host.current;
    if (!element || !data) return;
    let live: LiveChart | undefined;
    let gone = false;
    void import("../../lib/echarts-core").then((echarts) => {
      if (gone) return;
      live = new LiveChart(echarts.init(element, null, { renderer: "canvas" }), element, still);
      live.show(data, ground);
    });
    return () => {
      gone = true;
      live?.dispose();
    };
  }, [data, ground]);
  return (
    <figure className="chart">
      {error && <FailureBox failure={error} what="this chart could not be drawn" onRetry={reload} />}
      <div className="chart-host" ref={host} role="img" aria-label={data?.sentence ?? "pairs of replays"} />
      <figcaption>
        <span className="chart-caption">{data?.caption}</span>
      </figcaption>
      {data && (
        <details>
          <summary>The pairs as a table</summary>
          <DataTable table={data.table} caption="returns of the pairs" />
        </details>
      )}
    </figure>
  );
}
