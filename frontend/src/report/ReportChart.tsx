import { useEffect, useRef } from "react";
import type { ReportChart as Data, ReportCurves } from "../lib/api.gen";
import { captionOf, seriesOf, themed, type Option } from "../lib/chart-theme";
import { init } from "../lib/echarts-core";
import { count } from "../lib/format";
import { Points } from "../lib/points";
import { useStore } from "../lib/store";
import { mode } from "../lib/theme";
import { Button } from "../components/common/Button";
import { DataTable } from "../components/common/DataTable";
import { block, has } from "./blocks";
import { curvesCSV, save } from "./csv";

/** A chart with its sentence, its table twin and its raw values. Options and points were finished when the page was made. */
export function ReportChart({ chart, asTable }: { chart: Data; asTable: boolean }) {
  const host = useRef<HTMLDivElement>(null);
  const ground = useStore(mode);
  useEffect(() => {
    const element = host.current;
    if (!element || asTable) return;
    const picture = init(element, null, { renderer: "canvas" });
    const draw = () => {
      const option = (ground === "dark" ? chart.dark : chart.chart.option) as Option;
      const dressed = themed(option, ground, picture.getWidth());
      const points = new Map((chart.chart.series ?? []).map((s) => [s.index, new Points(s.xy ?? [])]));
      const series = seriesOf(dressed).map((one, i) => {
        const data = points.get(i);
        return data ? { ...one, dimensions: ["x", "y"], data: data.view() } : one;
      });
      picture.setOption({ ...dressed, series }, { notMerge: true });
    };
    draw();
    const observer = new ResizeObserver(() => {
      picture.resize();
      draw();
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      picture.dispose();
    };
  }, [chart, ground, asTable]);
  return (
    <figure className={`chart${chart.chart.stale ? " chart-stale" : ""}`}>
      <div className="chart-head">
        <h3>{chart.title}</h3>
        {chart.chart.early && <span className="tag">early: runs were still going on</span>}
        {chart.chart.stale && <span className="tag tag-stale">~ stale: {chart.chart.stale}</span>}
        <span className="grow" />
        {has(`metric:${chart.metric}`) && <RawValues metric={chart.metric} />}
      </div>
      {asTable ? (
        <DataTable table={chart.chart.table} caption={chart.title} />
      ) : (
        <div className="chart-frame">
          <div
            className="chart-host"
            ref={host}
            role="img"
            aria-label={`${chart.title}. ${chart.chart.sentence}`}
          />
        </div>
      )}
      <figcaption>
        {chart.chart.sentence}
        <span className="chart-caption">
          {captionOf(chart.chart.option) || `${count(chart.chart.points)} points`}
        </span>
      </figcaption>
    </figure>
  );
}

/** The raw values behind a chart, as a file; they are read from the page when they are wanted. */
function RawValues({ metric }: { metric: string }) {
  const take = () => {
    const store = block<ReportCurves>(`metric:${metric}`);
    const ready = () => {
      const found = store.get();
      if (found.state === "read") save(`${metric}.csv`, curvesCSV(found.data));
      return found.state !== "reading";
    };
    if (ready()) return;
    const stop = store.subscribe(() => {
      if (ready()) stop();
    });
  };
  return (
    <Button look="quiet" onClick={take} label={`raw values of ${metric} as CSV`}>
      CSV
    </Button>
  );
}
