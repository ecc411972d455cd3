import { useRef } from "react";
import { useVirtualizer } from "@tanstack/react-virtual";
import type { Outline, RunRow } from "../../lib/api.gen";
import { plural } from "../../lib/format";
import { rangeOf } from "../../lib/outlines";
import { failures } from "../../lib/run-actions";
import { byConcern } from "../../lib/runs";
import { SeedRow } from "./SeedRow";

interface Props {
  runs: readonly RunRow[];
  /** Metrics whose last values are shown; the first is that of the outlines. */
  metrics: readonly string[];
  outlines: ReadonlyMap<string, Outline>;
  current: string;
  onOpen: (key: string) => void;
  /** Runs a seed again or further. */
  onAgain: (row: RunRow) => void;
}

const ROW = 40;

/** The seeds of this arm and case, failures first and apart. Only the rows in sight are in the page. */
export function SeedRows({ runs, metrics, outlines, current, onOpen, onAgain }: Props) {
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
  const range = rangeOf(outlines.values());
  return (
    <section className="seeds" aria-label="Seeds">
      <h2>
        Seeds <span className="fine">{plural(rows.length, "seed")}</span>
        {failed > 0 && <span className="tone-bad"> ! {failed} failed</span>}
      </h2>
      {failures(rows).map((group) => (
        <p key={group.cause} className="knob-error">
          {plural(group.seeds.length, "seed")} failed ({group.seeds.slice(0, 8).join(", ")}
          {group.seeds.length > 8 && ", …"}): {group.cause}. <span className="hint">{group.hint}</span>
        </p>
      ))}
      {outlines.size > 0 && (
        <p className="fine">outline of {metrics[0]}: its shape only; the chart above keeps every extreme</p>
      )}
      <div className="seed-scroller" ref={scroller} tabIndex={-1}>
        <ul
          className="seed-space"
          style={{ height: virtual.getTotalSize() }}
          aria-label="seeds, failures first"
        >
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            return (
              row && (
                <SeedRow
                  key={row.key}
                  row={row}
                  metrics={metrics}
                  outline={outlines.get(row.key)}
                  range={range}
                  current={row.key === current}
                  top={item.start}
                  height={ROW}
                  onOpen={() => onOpen(row.key)}
                  onAgain={() => onAgain(row)}
                />
              )
            );
          })}
        </ul>
      </div>
    </section>
  );
}
