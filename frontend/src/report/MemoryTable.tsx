import { useState } from "react";
import { shown } from "../lib/format";
import { Button } from "../components/common/Button";
import type { Change, Version } from "./moments";

interface Props {
  now: readonly Version[];
  /** What differs from the moment of comparison; undefined while none is chosen. */
  changes: ReadonlyMap<string, Change> | undefined;
  /** The earlier of the two moments that are compared. */
  early: number;
  entry: string;
  onEntry: (id: string) => void;
}

const PAGE = 60;
const MARKS = { write: "+ written", change: "~ changed", delete: "x deleted" } as const;

interface Row {
  version: Version;
  change: Change | undefined;
}

/** The entries of a bank at a moment; with a comparison, what differs stands first and what is gone stays visible. */
export function MemoryTable({ now, changes, early, entry, onEntry }: Props) {
  const [pages, setPages] = useState(1);
  const [query, setQuery] = useState("");
  const rows = rowsOf(now, changes).filter((r) => matches(r.version, query));
  const numbers = [...new Set(rows.flatMap((r) => Object.keys(r.version.entry.numbers ?? {})))].slice(0, 6);
  const counts = changes ? countsOf(changes) : "";
  return (
    <div>
      <p className="report-filter">
        <label>
          <span className="unseen">only entries with this text</span>
          <input
            type="search"
            placeholder="only entries with …"
            value={query}
            onChange={(e) => setQuery(e.target.value)}
          />
        </label>{" "}
        <span className="fine">
          {changes ? `${now.length} entries, ${rows.length} rows` : `${rows.length} of ${now.length} entries`}
          {counts && ` · ${counts}`}
        </span>
      </p>
      {now.length === 0 && rows.length === 0 && (
        <p className="fine">Nothing is in the memory at this moment.</p>
      )}
      <div className="table-wrap" tabIndex={0} role="region" aria-label="entries">
        <table>
          <thead>
            <tr>
              <th scope="col">entry</th>
              {changes && <th scope="col">since {early}</th>}
              <th scope="col">text</th>
              {numbers.map((n) => (
                <th key={n} scope="col" className="right">
                  {n}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, pages * PAGE).map(({ version: v, change }) => (
              <tr
                key={v.entry.id}
                aria-selected={v.entry.id === entry}
                className={change?.op === "delete" ? "report-gone" : undefined}
              >
                <td>
                  <button type="button" className="link" onClick={() => onEntry(v.entry.id)}>
                    {v.entry.id}
                  </button>{" "}
                  <span className="fine">{v.entry.type}</span>
                </td>
                {changes && <td>{change ? MARKS[change.op] : ""}</td>}
                <td className="report-text">{v.entry.text}</td>
                {numbers.map((n) => (
                  <td key={n} className="right">
                    {moved(change, n) && (
                      <del className="fine">{shown(change?.before?.entry.numbers?.[n])} </del>
                    )}
                    {shown(v.entry.numbers?.[n])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > pages * PAGE && (
        <Button onClick={() => setPages(pages + 1)}>
          Show {Math.min(PAGE, rows.length - pages * PAGE)} more
        </Button>
      )}
    </div>
  );
}

function rowsOf(now: readonly Version[], changes: Props["changes"]): Row[] {
  if (!changes) return now.map((version) => ({ version, change: undefined }));
  const differing = [...changes.values()].flatMap((change) => {
    const version = change.after ?? change.before;
    return version ? [{ version, change }] : [];
  });
  return [
    ...differing,
    ...now.filter((v) => !changes.has(v.entry.id)).map((version) => ({ version, change: undefined })),
  ];
}

function matches(v: Version, query: string): boolean {
  const q = query.trim().toLowerCase();
  return q === "" || v.entry.id.toLowerCase().includes(q) || v.entry.text.toLowerCase().includes(q);
}

function moved(change: Change | undefined, name: string): boolean {
  if (change?.op !== "change") return false;
  return change.before?.entry.numbers?.[name] !== change.after?.entry.numbers?.[name];
}

function countsOf(changes: ReadonlyMap<string, Change>): string {
  const n = { write: 0, change: 0, delete: 0 };
  for (const c of changes.values()) n[c.op]++;
  return `+ ${n.write} written  ~ ${n.change} changed  x ${n.delete} deleted`;
}
