import { useRef, useState } from "react";
import { useApp } from "../../lib/app";
import { captionOf } from "../../lib/chart-theme";
import { useLiveChart, type ChartSource } from "../../lib/charts";
import { useCommands } from "../../lib/commands";
import { count } from "../../lib/format";
import { Button } from "./Button";
import { DataTable } from "./DataTable";
import { FailureBox } from "./FailureBox";

interface Props {
  title: string;
  source: ChartSource;
  /** Rises when more is behind the picture than points: sentence and table are read again. */
  version: number;
  /** Address of the raw rows, "" where there are none. */
  rows?: string;
  /** Whether the key t means this chart. */
  current?: boolean;
}

/** A chart with its sentence and its table twin. */
export function ChartView({ title, source, version, rows = "", current = false }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const [asTable, setAsTable] = useState(false);
  const { data, error, reload } = useLiveChart(source, version, host);
  const toggle = () => setAsTable(!asTable);
  useCommands(
    useApp().commands,
    current
      ? [{ id: "table", title: "Table instead of chart", group: "Charts", keys: ["t"], run: toggle }]
      : [],
  );
  const empty = data !== undefined && data.points === 0;
  return (
    <figure className={`chart${data?.stale ? " chart-stale" : ""}`}>
      <div className="chart-head">
        <h3>{title}</h3>
        {data?.early && <span className="tag">early: runs are still going on</span>}
        {data?.stale && <span className="tag tag-stale">~ stale: {data.stale}</span>}
        <span className="grow" />
        {rows && (
          <a className="button button-quiet" href={rows} download>
            CSV
          </a>
        )}
        <Button look="quiet" icon={asTable ? "chart" : "table"} pressed={asTable} onClick={toggle}>
          {asTable ? "Chart" : "Table"}
        </Button>
      </div>
      {error && <FailureBox failure={error} what="this chart could not be drawn" onRetry={reload} />}
      <div className="chart-frame" hidden={asTable}>
        <div className="chart-host" ref={host} role="img" aria-label={`${title}. ${data?.sentence ?? ""}`} />
        {empty && <p className="chart-empty">No points yet: they appear here as the runs report them.</p>}
      </div>
      {asTable && data && <DataTable table={data.table} caption={title} />}
      <figcaption>
        {data?.sentence}
        {data && (
          <span className="chart-caption">{captionOf(data.option) || `${count(data.points)} points`}</span>
        )}
      </figcaption>
    </figure>
  );
}
