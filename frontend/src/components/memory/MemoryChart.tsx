import { useEffect, useRef, useState } from "react";
import type { Chart } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { captionOf, themed, type Option } from "../../lib/chart-theme";
import type { ECharts } from "../../lib/echarts-core";
import { useSteady } from "../../lib/memory-data";
import { useResource } from "../../lib/resource";
import { useStore } from "../../lib/store";
import { mode } from "../../lib/theme";
import type { Query } from "../../lib/transport";
import { Button } from "../common/Button";
import { DataTable } from "../common/DataTable";
import { FailureBox } from "../common/FailureBox";

interface Props {
  title: string;
  path: string;
  query: Query;
  /** Rises when the picture is to be made again. */
  version: number;
}

/** A picture of a memory, drawn from a finished option that already holds its few points. */
export function MemoryChart({ title, path, query, version }: Props) {
  const { transport } = useApp();
  const ground = useStore(mode);
  const key = `${path} ${JSON.stringify(query)} ${version} ${ground}`;
  const resource = useResource<Chart>(key, (signal) =>
    transport.get(path, { ...query, dark: ground === "dark" ? 1 : 0 }, signal),
  );
  const chart = useSteady(resource, path);
  const [asTable, setAsTable] = useState(false);
  return (
    <figure className="chart memory-chart">
      <div className="chart-head">
        <h2>{title}</h2>
        <span className="grow" />
        <Button
          look="quiet"
          icon={asTable ? "chart" : "table"}
          label={asTable ? `${title} as a chart` : `${title} as a table`}
          pressed={asTable}
          onClick={() => setAsTable(!asTable)}
        />
      </div>
      {resource.error && (
        <FailureBox failure={resource.error} what="this chart could not be drawn" onRetry={resource.reload} />
      )}
      {chart && !asTable && <Picture chart={chart} title={title} />}
      {chart && asTable && <DataTable table={chart.table} caption={title} />}
      {!chart && !resource.error && <div className="memory-picture skeleton" />}
      <figcaption>
        {chart?.sentence}
        {chart && <span className="chart-caption">{captionOf(chart.option)}</span>}
      </figcaption>
    </figure>
  );
}

/** A finished option on the page. It never moves, and it is told in words by its label. */
export function Picture({ chart, title }: { chart: Chart; title: string }) {
  const host = useRef<HTMLDivElement>(null);
  const [picture, setPicture] = useState<ECharts>();
  const ground = useStore(mode);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    let gone = false;
    let opened: ECharts | undefined;
    const observer = new ResizeObserver(() => opened?.resize());
    void import("../../lib/echarts-core").then((echarts) => {
      if (gone) return;
      opened = echarts.init(element, null, { renderer: "canvas" });
      observer.observe(element);
      setPicture(opened);
    });
    return () => {
      gone = true;
      observer.disconnect();
      opened?.dispose();
    };
  }, []);
  useEffect(() => {
    picture?.setOption(roomy(themed(chart.option as Option, ground, picture.getWidth())), { notMerge: true });
  }, [picture, chart, ground]);
  return <div className="memory-picture" ref={host} role="img" aria-label={`${title}. ${chart.sentence}`} />;
}

/** A scale of colours stands beside the picture, never on it. */
function roomy(option: Option): Option {
  const grid = option["grid"];
  if (!option["visualMap"] || typeof grid !== "object") return option;
  return {
    ...option,
    grid: (Array.isArray(grid) ? grid : [grid]).map((g: Option) => ({ ...g, right: 72, top: 24 })),
  };
}
