import type { Table } from "../../lib/api.gen";

const FIRST = 200;

/** A table of finished text. Columns that hold numbers stand right; the first rows come first, and it says how many there are. */
export function DataTable({ table, caption }: { table: Table; caption: string }) {
  const rows = table.rows ?? [];
  const columns = table.columns ?? [];
  const right = columns.map((_, c) => rows.length > 0 && rows.every((r) => isNumeric(r?.[c] ?? "")));
  return (
    <div className="table-wrap" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((name, c) => (
              <th key={c} scope="col" className={right[c] ? "right" : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, FIRST).map((row, r) => (
            <tr key={r}>
              {(row ?? []).map((cell, c) => (
                <td key={c} className={right[c] ? "right" : undefined}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > FIRST && (
        <p className="fine">
          first {FIRST} of {rows.length} rows
        </p>
      )}
    </div>
  );
}

function isNumeric(text: string): boolean {
  return text === "" || /^[-−+]?[\d.,]/.test(text) || text === "–";
}
