import type { Cell } from "../../lib/api.gen";

/** A cell as the file has it. */
export function PlainCell({ cell }: { cell: Cell }) {
  if (cell.html) return <div className="prose" dangerouslySetInnerHTML={{ __html: cell.html }} />;
  return <pre className="plain">{cell.source}</pre>;
}
