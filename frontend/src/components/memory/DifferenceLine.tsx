import { useEffect, useState, type RefObject } from "react";
import type { MemoryPage } from "../../lib/api.gen";
import { count } from "../../lib/format";
import { differenceParts, opMark, opWord, withCondition } from "../../lib/memory-view";
import { Button } from "../common/Button";

interface Props {
  page: MemoryPage | undefined;
  on: boolean;
  query: string;
  ask: string;
  askRef: RefObject<HTMLInputElement | null>;
  onToggle: () => void;
  onFilter: (query: string) => void;
  onAsk: (text: string) => void;
}

/** What lies between the two moments, each count a filter; and the question to the memory. */
export function DifferenceLine({ page, on, query, ask, askRef, onToggle, onFilter, onAsk }: Props) {
  const d = on ? page?.difference : undefined;
  const [text, setText] = useState(ask);
  useEffect(() => setText(ask), [ask]);
  return (
    <div className="memory-line">
      {d && page?.against && (
        <p className="difference">
          <span className="fine">{between(page)}</span>
          {differenceParts(d).map((p) => (
            <button
              key={p.op}
              type="button"
              className={`difference-part op-${p.op}`}
              disabled={p.count === 0}
              title={`show what was ${opWord(p.op)}`}
              onClick={() => onFilter(withCondition(query, `op:${p.op}`))}
            >
              <b aria-hidden="true">{opMark(p.op)}</b> {count(p.count)} {opWord(p.op)}
            </button>
          ))}
        </p>
      )}
      <Button look={on ? "plain" : "quiet"} pressed={on} onClick={onToggle}>
        <kbd>d</kbd> Difference {on ? "on" : "off"}
      </Button>
      <form
        className="ask"
        onSubmit={(event) => {
          event.preventDefault();
          onAsk(text.trim());
        }}
      >
        <label htmlFor="memory-ask">
          <kbd>w</kbd> Ask
        </label>
        <input
          id="memory-ask"
          ref={askRef}
          type="text"
          placeholder="a situation: what would be read now?"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
        />
        <button type="submit" className="button">
          Ask
        </button>
      </form>
    </div>
  );
}

function between(page: MemoryPage): string {
  const from = page.against;
  const to = `${page.place.episode}/${page.place.step}`;
  if (!from || from.episode < 0) return `from the start to ep ${to}:`;
  return `between ep ${from.episode}/${from.step} and ${to}:`;
}
