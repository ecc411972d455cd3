import type { Cell } from "../../lib/api.gen";
import { ChartView } from "../common/ChartView";
import { textAt } from "../../lib/notebook";

interface Props {
  cell: Cell;
  path: string;
  budget: string;
  version: number;
  current: boolean;
}

/** A chart of a notebook, live while its runs go on. */
export function ChartCell({ cell, path, budget, version, current }: Props) {
  const title = textAt(cell.value, "title") || cell.name || textAt(cell.value, "metric") || "chart";
  return (
    <ChartView
      title={title}
      source={{
        path: "chart",
        rows: "chart/rows",
        query: { path, cell: cell.id, budget },
        topic: `chart:${path}#${cell.id}@${budget}`,
      }}
      version={version}
      current={current}
    />
  );
}
