import type { Results } from "../../lib/api.gen";
import { DataTable } from "../common/DataTable";

/** The last values of every arm and case, with their intervals. */
export function TableCell({ results }: { results: Results | undefined }) {
  const rows = results?.table.rows ?? [];
  if (!results || rows.length === 0)
    return <p className="fine">Final values appear here when the first run ends.</p>;
  return (
    <>
      <DataTable table={results.table} caption="final values" />
      <p className="fine">
        budget {results.budget}
        {results.recorded && ` · recorded: ${results.recorded}`}
        {results.early && " · early: runs are still going on"}
      </p>
    </>
  );
}
