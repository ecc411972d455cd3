import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useApp } from "../../lib/app";
import { captionOf } from "../../lib/chart-theme";
import { useLiveChart, type ChartSource } from "../../lib/charts";
import { useCommands } from "../../lib/commands";
import { age, count } from "../../lib/format";
import { listen } from "../../lib/gestures";
import { useNow } from "../../lib/now";
import { byKey } from "../../lib/zoom";
import { ChartBar } from "./ChartBar";
import { ChartLegend } from "./ChartLegend";
import { DataTable } from "./DataTable";
import { FailureBox } from "./FailureBox";
import "../../styles/chart.css";

interface Props {
  title: string;
  source: ChartSource;
  /** Rises when more is behind the picture than points: sentence and table are read again. */
  version: number;
  /** Whether the keys t and e mean this chart while no other has the focus. */
  current?: boolean;
}

const COMING = "No points yet: they appear here as the runs report them.";
const NONE = "No value was recorded.";

/** A chart with its legend, its sentence and its table twin; zoom and move by mouse, wheel, touch and keys. */
export function ChartView({ title, source, version, current = false }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const [asTable, setAsTable] = useState(false);
  const [exporting, setExporting] = useState(false);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [brush, setBrush] = useState<[number, number]>();
  const chart = useLiveChart(source, version, host);
  const { data, live, whole, lens, setLens } = chart;
  const view = lens.span ?? whole;
  const toggle = () => setAsTable(!asTable);

  const now = useRef(chart);
  now.current = chart;
  useEffect(() => {
    if (!frame.current || !live) return;
    live.onPoint = (arm) => live.bring(arm);
    return listen({
      element: frame.current,
      placeAt: (pixel) => live.placeAt(pixel),
      view: () => now.current.lens.span ?? now.current.whole ?? { from: 0, to: 1 },
      whole: () => now.current.whole,
      show: (span) => now.current.setLens({ ...now.current.lens, span }),
      mark: setBrush,
    });
  }, [live]);

  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "t") toggle();
    else if (event.key === "e") setExporting(true);
    else {
      const next =
        event.target === frame.current && view && whole ? byKey(event.key, view, whole) : undefined;
      if (next === undefined) return;
      setLens({ ...lens, span: next === "whole" ? undefined : next });
    }
    event.preventDefault();
    event.stopPropagation();
  };
  useCommands(
    useApp().commands,
    current
      ? [
          { id: "table", title: "Table instead of chart", group: "Charts", keys: ["t"], run: toggle },
          {
            id: "export",
            title: "Export the values of this chart",
            group: "Charts",
            keys: ["e"],
            run: () => setExporting(true),
          },
        ]
      : [],
  );
  const hide = (arm: string) => {
    const next = new Set(hidden);
    if (!next.delete(arm)) next.add(arm);
    setHidden(next);
    live?.hide(next);
  };
  const empty = data !== undefined && data.points === 0;
  const keys = whole ? ". Keys: plus and minus zoom, arrows move, 0 shows everything, t table, e export" : "";
  return (
    <figure className={`chart${data?.stale ? " chart-stale" : ""}`} onKeyDown={onKey}>
      <div className="chart-head">
        <h2>{title}</h2>
        {data?.early && <span className="tag">early: runs are still going on</span>}
        {data?.recorded && <span className="tag">recorded on {data.recorded}</span>}
        {data?.stale && <span className="tag tag-stale">~ stale: {data.stale}</span>}
        <span className="grow" />
        <ChartBar
          title={title}
          source={source}
          lens={lens}
          whole={whole}
          asTable={asTable}
          exporting={exporting}
          onLens={setLens}
          onTable={toggle}
          onExporting={setExporting}
        />
      </div>
      {chart.error && (
        <FailureBox failure={chart.error} what="this chart could not be drawn" onRetry={chart.reload} />
      )}
      <ChartLegend arms={chart.arms} hidden={hidden} onHide={hide} onBring={(arm) => live?.bring(arm)} />
      <div
        className={`chart-frame${whole ? " chart-moves" : ""}`}
        hidden={asTable}
        ref={frame}
        tabIndex={0}
        role="group"
        aria-label={`chart ${title}${keys}`}
      >
        <div className="chart-host" ref={host} role="img" aria-label={`${title}. ${data?.sentence ?? ""}`} />
        {brush && (
          <div
            className="chart-brush"
            style={{ left: Math.min(...brush), width: Math.abs(brush[1] - brush[0]) }}
          />
        )}
        {empty && <p className="chart-empty">{data.early ? COMING : NONE}</p>}
      </div>
      {asTable && data && <DataTable table={data.table} caption={title} />}
      <figcaption>
        {data?.sentence}
        {data && (
          <span className="chart-caption">
            {data.caption || captionOf(data.option) || `${count(data.points)} points`}
            {lens.span && (
              <>
                {" "}
                · from {count(lens.span.from)} to {count(lens.span.to - 1)}
              </>
            )}
            {data.early && <Freshness heard={chart.heard} />}
            {chart.slow > 0 && data.early && ` · drawing takes ${chart.slow} ms here, so it moves less often`}
          </span>
        )}
      </figcaption>
    </figure>
  );
}

/** How old the newest points are, once they are older than 2 s. */
function Freshness({ heard }: { heard: number }) {
  const now = useNow(1000);
  const text = heard > 0 && now - heard > 2500 ? age(heard, now) : "";
  return text ? <> · newest points {text}</> : null;
}
