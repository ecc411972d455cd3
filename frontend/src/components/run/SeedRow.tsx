import type { Outline, RunRow } from "../../lib/api.gen";
import { percent, shown } from "../../lib/format";
import { outlinePath, type Range } from "../../lib/outlines";
import { Button } from "../common/Button";
import { ProgressBar } from "../common/ProgressBar";
import { StateMark } from "../common/StateMark";

interface Props {
  row: RunRow;
  metrics: readonly string[];
  outline: Outline | undefined;
  range: Range;
  current: boolean;
  top: number;
  height: number;
  onOpen: () => void;
  onAgain: () => void;
}

const BOX = { width: 120, height: 24 };

/** One seed: state, progress, outline, last values; a failed one can be done again alone. */
export function SeedRow({ row, metrics, outline, range, current, top, height, onOpen, onAgain }: Props) {
  const share = row.state === "done" ? 1 : row.total > 0 ? row.done / row.total : 0;
  const path = outlinePath(outline?.xy ?? [], BOX, range);
  return (
    <li
      className="seed-row"
      style={{ transform: `translateY(${top}px)`, height }}
      aria-current={current ? "true" : undefined}
    >
      <button type="button" className="seed-open" onClick={onOpen}>
        <span className="seed-number">seed {row.seed}</span>
        <StateMark state={row.state} />
        <ProgressBar share={share} label={`progress of seed ${row.seed}`} thin />
        <span className="job-numbers">{percent(share)}</span>
        <svg className="seed-outline" viewBox={`-2 -2 ${BOX.width + 4} ${BOX.height + 4}`} aria-hidden="true">
          <path d={path} />
        </svg>
        <span className="seed-final">
          {row.redone > 0 && "redone · "}
          {row.error || finals(row, metrics)}
        </span>
      </button>
      {row.state === "failed" && (
        <Button look="quiet" icon="redo" label={`do seed ${row.seed} again`} onClick={onAgain} />
      )}
    </li>
  );
}

function finals(row: RunRow, metrics: readonly string[]): string {
  const { final } = row;
  if (!final) return "";
  return metrics
    .filter((name) => name in final)
    .slice(0, 3)
    .map((name) => `${name} ${shown(final[name])}`)
    .join(" · ");
}
