import type { Cell } from "../lib/api.gen";
import { Prose } from "../components/common/Prose";

/** A cell to read: prose as it was rendered when the page was made, everything else as its text. Charts stand above. */
export function ReportCell({ cell }: { cell: Cell }) {
  if (cell.kind === "prose") return <Prose html={cell.html} />;
  if (cell.kind === "chart") return null;
  return (
    <details className="report-cell">
      <summary>
        {cell.kind} {cell.name}
        {cell.choice && <span className="fine"> {cell.choice}</span>}
      </summary>
      <pre tabIndex={0}>{cell.source}</pre>
    </details>
  );
}
