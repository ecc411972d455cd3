import { leaveOnEscape } from "../../lib/search-field";
import { useEffect, useState, type RefObject } from "react";
import type { MemoryInfo } from "../../lib/api.gen";
import { count, named } from "../../lib/format";
import { useRested } from "../../lib/memory-data";
import type { MemoryRoute, MemoryView } from "../../lib/route";
import type { Failure } from "../../lib/transport";

interface Props {
  info: MemoryInfo;
  bank: string;
  route: MemoryRoute;
  filterRef: RefObject<HTMLInputElement | null>;
  problem: Failure | undefined;
  onBank: (bank: string) => void;
  onView: (view: MemoryView) => void;
  onFilter: (query: string) => void;
}

const VIEWS: readonly { view: MemoryView; name: string }[] = [
  { view: "", name: "Table" },
  { view: "graph", name: "Graph" },
  { view: "map", name: "Map" },
  { view: "weights", name: "Weights" },
];

/** Which run and bank, how it is shown, and which entries. */
export function MemoryHead({ info, bank, route, filterRef, problem, onBank, onView, onFilter }: Props) {
  const banks = info.banks ?? [];
  return (
    <header className="memory-head">
      <h1>{named(info.arm, info.case, `seed ${info.seed}`)}</h1>
      {banks.length > 1 ? (
        <label className="field-inline">
          bank
          <select value={bank} onChange={(event) => onBank(event.target.value)}>
            {banks.map((b) => (
              <option key={b.name} value={b.name}>
                {b.name} · {count(b.entries)}
              </option>
            ))}
          </select>
        </label>
      ) : (
        <span className="fine">bank {bank}</span>
      )}
      <div className="segments" role="group" aria-label="view">
        {VIEWS.filter((v) => v.view !== "weights" || info.states > 0).map((v) => (
          <button
            key={v.name}
            type="button"
            className="segment"
            aria-pressed={route.view === v.view}
            onClick={() => onView(v.view)}
          >
            {v.name}
          </button>
        ))}
      </div>
      <FilterField query={route.query} fieldRef={filterRef} problem={problem} onFilter={onFilter} />
    </header>
  );
}

interface FieldProps {
  query: string;
  fieldRef: RefObject<HTMLInputElement | null>;
  problem: Failure | undefined;
  onFilter: (query: string) => void;
}

/** The filter, sent when typing rests. */
function FilterField({ query, fieldRef, problem, onFilter }: FieldProps) {
  const [text, setText] = useState(query);
  const rested = useRested(text, 180);
  const [asked, setAsked] = useState(query);
  useEffect(() => {
    if (query === asked) return; // it came from here
    setAsked(query);
    setText(query);
  }, [query, asked]);
  useEffect(() => {
    if (rested !== text || rested === asked) return;
    setAsked(rested);
    onFilter(rested);
  }, [rested, text, asked, onFilter]);
  return (
    <div className="memory-filter">
      <input
        ref={fieldRef}
        type="search"
        aria-label="Filter the entries"
        aria-invalid={problem !== undefined}
        aria-describedby={problem ? "memory-filter-problem" : "memory-filter-help"}
        placeholder="used>0  type:schema  mug"
        title="Words of the text, and conditions: used>0, read>=3, type:schema, age<100, q>0.5, op:write. A minus before one turns it round."
        value={text}
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={leaveOnEscape}
      />
      <kbd aria-hidden="true">/</kbd>
      <span id="memory-filter-help" className="unseen">
        Words of the text, and conditions such as used&gt;0, type:schema, age&lt;100, q&gt;0.5, op:write.
      </span>
      {problem && (
        <p id="memory-filter-problem" className="memory-problem" role="alert">
          {problem.message}
          {problem.hint && `: ${problem.hint}`}
        </p>
      )}
    </div>
  );
}
