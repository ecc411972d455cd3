import { useRef } from "react";
import { useVirtualizer } from "@tanstack/react-virtual";
import type { RunRow } from "../../lib/api.gen";
import { percent, plural, shown } from "../../lib/format";
import { byConcern } from "../../lib/runs";
import { ProgressBar } from "../common/ProgressBar";
import { StateMark } from "../common/StateMark";

interface Props {
  runs: readonly RunRow[];
  /** Metrics whose last values are shown. */
  metrics: readonly string[];
  current: string;
  onOpen: (key: string) => void;
}

const ROW = 36;

/** The seeds of this arm and case, failures first. Only the rows in sight are in the page. */
export function SeedRows({ runs, metrics, current, onOpen }: Props) {
  const rows = byConcern(runs);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 8,
  });
  if (rows.length === 0) return null;
  const failed = rows.filter((r) => r.state === "failed").length;
  return (
    <section className="seeds" aria-label="Seeds">
      <h2>
        Seeds <span className="fine">{plural(rows.length, "seed")}</span>
        {failed > 0 && <span className="tone-bad"> ! {failed} failed</span>}
      </h2>
      <div className="seed-scroller" ref={scroller} tabIndex={-1}>
        <div className="seed-space" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            return (
              <button
                key={row.key}
                type="button"
                className="seed-row"
                style={{ transform: `translateY(${item.start}px)`, height: ROW }}
                aria-current={row.key === current ? "true" : undefined}
                onClick={() => onOpen(row.key)}
              >
                <span className="seed-number">seed {row.seed}</span>
                <StateMark state={row.state} />
                <ProgressBar share={shareOf(row)} label={`progress of seed ${row.seed}`} thin />
                <span className="job-numbers">{percent(shareOf(row))}</span>
                <span className="seed-final">{row.error || finals(row, metrics)}</span>
              </button>
            );
          })}
        </div>
      </div>
    </section>
  );
}

function shareOf(row: RunRow): number {
  if (row.state === "done") return 1;
  return row.total > 0 ? row.done / row.total : 0;
}

function finals(row: RunRow, metrics: readonly string[]): string {
  const { final } = row;
  if (!final) return "";
  return metrics
    .filter((name) => name in final)
    .map((name) => `${name} ${shown(final[name])}`)
    .join(" · ");
}
