import type { Hit, Memory, Table } from "../../lib/api.gen";
import { hitTable } from "../../lib/memory";
import { shown } from "../../lib/format";
import { DataTable } from "../common/DataTable";

const SIGNS: Record<string, string> = { write: "+", change: "~", merge: "Y", read: "*", delete: "x" };

/** What happened to the memory at one step, operation by operation: an entry before and after, or what was read and why. */
export function MemoryOps({ operations }: { operations: Memory[] }) {
  if (operations.length === 0) return null;
  return (
    <ol className="memory-ops" aria-label="memory operations of this step">
      {operations.map((m, i) => (
        <li key={i} className={`memory-op memory-${m.op}`}>
          <p>
            <b>
              {SIGNS[m.op] ?? ""} {m.op} {m.entry ?? ""}
            </b>{" "}
            <span className="fine">
              {m.bank} · {m.size} entries, {m.tokens} tokens
            </span>
          </p>
          {m.reason && <p className="fine">{m.reason}</p>}
          {m.query && <p>asked: {m.query}</p>}
          {m.before && m.before.text !== m.after?.text && <del>{m.before.text}</del>}
          {m.after && <ins>{m.after.text}</ins>}
          {changedNumbers(m).map((line) => (
            <p key={line} className="fine">
              {line}
            </p>
          ))}
          {(m.hits ?? []).length > 0 && <Hits hits={m.hits ?? []} />}
        </li>
      ))}
    </ol>
  );
}

function Hits({ hits }: { hits: Hit[] }) {
  const table: Table = hitTable(hits);
  return <DataTable table={table} caption="candidates of this reading with the parts of their scores" />;
}

/** The numbers of an entry that an operation moved. */
function changedNumbers(m: Memory): string[] {
  const before = m.before?.numbers ?? {};
  return Object.entries(m.after?.numbers ?? {})
    .filter(([name, value]) => m.before !== undefined && before[name] !== value)
    .map(([name, value]) => `${name}: ${name in before ? shown(before[name] ?? 0) : "–"} → ${shown(value)}`);
}
