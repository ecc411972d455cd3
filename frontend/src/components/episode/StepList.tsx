import { useEffect, useRef } from "react";
import { useVirtualizer } from "@tanstack/react-virtual";
import type { InspectRow } from "../../lib/api.gen";
import { number, shown } from "../../lib/format";
import type { RowCache } from "../../lib/inspect-data";
import { memoryMarks, memoryWords } from "../../lib/inspect-lanes";

interface Props {
  rows: RowCache;
  steps: number;
  at: number;
  /** First step that differs from the other episode, -1 for none. */
  first: number;
  onStep: (t: number) => void;
}

const ROW = 30;

/** The steps of the episode; only those in sight are in the page, and their words come by pages. */
export function StepList({ rows, steps, at, first, onStep }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: steps,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 10,
  });
  const items = virtual.getVirtualItems();
  const from = items[0]?.index ?? 0;
  const to = items[items.length - 1]?.index ?? 0;
  useEffect(() => rows.want(from, to), [rows, from, to]);
  useEffect(() => {
    rows.want(at - 30, at + 30);
    virtual.scrollToIndex(at, { align: "auto" });
    // The list moves when the step does, not when the reader scrolls.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [rows, at]);
  return (
    <div className="step-scroller" ref={scroller} tabIndex={-1}>
      <ol className="step-space" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => (
          <li
            key={item.index}
            aria-setsize={steps}
            aria-posinset={item.index + 1}
            style={{ transform: `translateY(${item.start}px)`, height: ROW }}
          >
            <Row
              t={item.index}
              row={rows.get(item.index)}
              current={item.index === at}
              first={item.index === first}
              onStep={onStep}
            />
          </li>
        ))}
      </ol>
    </div>
  );
}

interface RowProps {
  t: number;
  row: InspectRow | undefined;
  current: boolean;
  first: boolean;
  onStep: (t: number) => void;
}

function Row({ t, row, current, first, onStep }: RowProps) {
  return (
    <button
      type="button"
      className="step-row"
      aria-current={current ? "step" : undefined}
      onClick={() => onStep(t)}
    >
      <span className="step-t">
        <span className="unseen">step </span>
        {t}
      </span>
      <span className="step-action">{row ? words(row) : "…"}</span>
      <span className="step-marks" aria-hidden="true">
        {row && marks(row, first)}
      </span>
      {row && <span className="unseen">{said(row, first)}</span>}
    </button>
  );
}

function words(row: InspectRow): string {
  if (row.broken) return "cannot be read";
  if (!row.kept) return "not kept";
  return row.action || "–";
}

function marks(row: InspectRow, first: boolean): string {
  const { above, below } = memoryMarks({
    ...row,
    from: 0,
    to: 1,
    lo: 0,
    hi: 0,
    context: 0,
    errors: 0,
    turns: 0,
    differ: 0,
  });
  const r = number(row.reward);
  const reward = r > 0 ? `+${shown(row.reward)}` : r < 0 ? shown(row.reward) : "";
  return [first ? "≠" : "", row.error ? "!" : "", above + below, reward].filter((m) => m !== "").join(" ");
}

/** What the marks say, in words. */
function said(row: InspectRow, first: boolean): string {
  const parts = [`reward ${shown(row.reward)}`];
  const memory = memoryWords(row);
  if (memory) parts.push(memory);
  if (row.error) parts.push("error");
  if (first) parts.push("first difference");
  return parts.join(", ");
}
