import { useApp } from "../../lib/app";
import type { EntryNote, InspectOp } from "../../lib/api.gen";
import { count, plural } from "../../lib/format";
import { formulaOf, gateOf } from "../../lib/inspect-hits";
import { useEntryNotes } from "../../lib/inspect-data";
import { memoryRoute } from "../../lib/route";
import { Button } from "../common/Button";
import { EntryLine } from "./EntryLine";
import { FoldedText } from "./FoldedText";
import type { ForkTarget } from "./ForkPlace";
import { HitRows } from "./HitRows";

interface Props {
  read: InspectOp;
  runKey: string;
  onFork?: (target: Omit<ForkTarget, "step">) => void;
}

/** One reading of a memory: the question, every candidate with the parts of its score, and why it was used or not. */
export function ReadCard({ read, runKey, onFork }: Props) {
  const app = useApp();
  const { op } = read;
  const hits = op.hits ?? [];
  const moment = read.moment - 1;
  const notes = useEntryNotes(
    runKey,
    op.bank,
    moment,
    hits.map((h) => h.entry),
  );
  const note = (id: string): EntryNote | undefined => notes?.find((n) => n.id === id);
  const formula = formulaOf(op.reason);
  const open = (entry: string) => app.navigation.go({ ...memoryRoute(runKey, op.bank, moment), entry });
  return (
    <div role="group" className="panel" aria-label={`Read from ${op.bank}`}>
      <div className="panel-head">
        <h2>
          <span aria-hidden="true">* </span>Read here
        </h2>
        {formula && <span className="formula">{formula}</span>}
        <span className="grow" />
        <span className="fine">
          {op.bank}, {plural(op.size, "entry", "entries")}, {count(op.tokens)} tokens
        </span>
      </div>
      {op.query && (
        <details className="read-query">
          <summary>asked: {firstLine(op.query)}</summary>
          <FoldedText text={op.query} />
        </details>
      )}
      {hits.length > 0 ? (
        <HitRows hits={hits} sums={read.sums} note={note} onOpen={open} />
      ) : (
        <p className="fine">
          {op.size === 0
            ? "The bank was empty: there was nothing to read."
            : "No candidates were recorded for this reading."}
        </p>
      )}
      <p className="fine">
        {gateOf(op.reason)}
        {read.gate && ` · ${read.gate}`}
      </p>
      {(read.what_if ?? []).map((w) => (
        <p key={w.name} className="what-if">
          <b>With {w.name}:</b>{" "}
          {(w.in ?? []).length === 0
            ? "the same entries."
            : `${(w.in ?? []).join(", ")} instead of ${(w.out ?? []).join(", ")}.`}
        </p>
      ))}
      {hits.some((h) => h.used) && (
        <ol className="entry-lines" aria-label="entries that were used">
          {hits
            .filter((h) => h.used)
            .map((h) => (
              <EntryLine
                key={h.entry}
                id={h.entry}
                note={note(h.entry)}
                onLife={() => open(h.entry)}
                {...(onFork ? { onFork: () => onFork({ entry: h.entry, bank: op.bank }) } : {})}
              />
            ))}
        </ol>
      )}
      <p>
        <Button
          look="quiet"
          icon="memory"
          onClick={() => app.navigation.go(memoryRoute(runKey, op.bank, moment))}
        >
          The bank at this reading
        </Button>
      </p>
    </div>
  );
}

function firstLine(text: string): string {
  const line = text.split("\n", 1)[0] ?? "";
  return line.length > 60 ? line.slice(0, 60) + " …" : line;
}
