import { useEffect, useId, useRef, useState } from "react";
import type { CompareRuns } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { useCommands } from "../../lib/commands";
import { EXAMPLES, cutAt, replaceAt, withTerm } from "../../lib/compare-filter";
import { count } from "../../lib/format";
import { leaveOnEscape } from "../../lib/search-field";

interface Props {
  query: string;
  runs: CompareRuns | undefined;
  onQuery: (query: string) => void;
}

/** After the last key the list is asked; every key shows at once. */
const PAUSE = 120;

/** The typed filter. What cannot be read is shown at its place, with names to take instead. */
export function FilterBox({ query, runs, onQuery }: Props) {
  const [text, setText] = useState(query);
  const field = useRef<HTMLInputElement>(null);
  const sent = useRef(query);
  const help = useId();
  const flaw = useId();
  useEffect(() => {
    if (query !== sent.current) setText(query);
    sent.current = query;
  }, [query]);
  useEffect(() => {
    if (text === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text;
      onQuery(text);
    }, PAUSE);
    return () => clearTimeout(timer);
  });
  useCommands(useApp().commands, [
    {
      id: "filter",
      title: "Filter the runs",
      group: "Compare",
      keys: ["/"],
      run: () => field.current?.select(),
    },
  ]);
  const take = (next: string) => {
    sent.current = next;
    setText(next);
    onQuery(next);
    field.current?.focus();
  };
  const problem = runs?.problem;
  const [before, wrong, behind] = problem ? cutAt(text, problem) : ["", "", ""];
  return (
    <search className="filter-box">
      <label className="filter-line">
        <span>Filter</span>
        <input
          ref={field}
          type="search"
          value={text}
          spellCheck={false}
          autoComplete="off"
          aria-invalid={problem ? true : undefined}
          aria-describedby={problem ? flaw : help}
          placeholder="paper:memrl lambda>0.3 seed<5 arm:value state:done success>=0.2"
          onChange={(e) => setText(e.target.value)}
          onKeyDown={leaveOnEscape}
        />
      </label>
      {problem ? (
        <div id={flaw} className="filter-flaw" role="alert">
          <p className="filter-place" aria-hidden="true">
            {before}
            <mark>{wrong || " "}</mark>
            {behind}
          </p>
          <p>{problem.msg}</p>
          <p className="hint">{problem.hint}</p>
          <p className="filter-terms">
            {(problem.legal ?? []).map((name) => (
              <button
                key={name}
                type="button"
                className="term"
                onClick={() => take(replaceAt(text, problem, name))}
              >
                {name}
              </button>
            ))}
          </p>
        </div>
      ) : (
        <div id={help} className="filter-terms">
          {Object.entries(runs?.states ?? {})
            .filter(([, n]) => n < (runs?.found ?? 0))
            .map(([state, n]) => (
              <button
                key={state}
                type="button"
                className="term"
                onClick={() => take(withTerm(text, `state:${state}`))}
              >
                state:{state} <span className="fine">{count(n)}</span>
              </button>
            ))}
          <span className="fine">words look in title, paper, arm and case; for example</span>
          {EXAMPLES.map((one) => (
            <button
              key={one}
              type="button"
              className="term"
              onClick={() => take(one.split(" ").reduce(withTerm, text))}
            >
              {one}
            </button>
          ))}
        </div>
      )}
    </search>
  );
}
