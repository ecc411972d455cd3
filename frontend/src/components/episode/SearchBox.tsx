import { useEffect, useState } from "react";
import type { InspectFound } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { count, plural } from "../../lib/format";
import { useResource } from "../../lib/resource";
import { Button } from "../common/Button";

interface Props {
  runKey: string;
  episode: number;
  query: string;
  steps: number;
  onQuery: (query: string) => void;
  onStep: (t: number) => void;
}

/** How long typing rests before the server searches, in milliseconds. */
const REST = 200;

/** Search over all steps of the episode: what was seen, done and given. The server searches; the first places come first. */
export function SearchBox({ runKey, episode, query, steps, onQuery, onStep }: Props) {
  const { transport } = useApp();
  const [text, setText] = useState(query);
  useEffect(() => setText(query), [query]);
  useEffect(() => {
    if (text.trim() === query) return;
    const timer = setTimeout(() => onQuery(text.trim()), REST);
    return () => clearTimeout(timer);
  }, [text, query, onQuery]);
  const found = useResource<InspectFound>(
    query && `search ${runKey} ${episode} ${steps} ${query}`,
    (signal) => transport.get(`run/${runKey}/inspect/search`, { episode, q: query, limit: 100 }, signal),
  );
  const { data } = found;
  return (
    <div className="inspect-search">
      <label>
        <span className="unseen">search all steps</span>
        <input
          type="search"
          value={text}
          placeholder={`search ${plural(steps, "step")}`}
          onChange={(e) => setText(e.target.value)}
          onKeyDown={(e) => {
            if (e.key === "Escape") {
              onQuery("");
              e.currentTarget.blur();
            }
            const first = data?.hits?.[0];
            if (e.key === "Enter" && first) onStep(first.t);
          }}
        />
      </label>
      {query && (
        <p className="fine" role="status">
          {found.error
            ? found.error.message
            : data
              ? `${data.total === 0 ? "no step holds" : `${plural(data.total, "step")} ${data.total === 1 ? "holds" : "hold"}`} “${query}”`
              : "searching …"}
        </p>
      )}
      {query && data && (data.hits ?? []).length > 0 && (
        <ol className="found">
          {(data.hits ?? []).map((m) => (
            <li key={m.t}>
              <button type="button" onClick={() => onStep(m.t)}>
                <span className="found-place">
                  {count(m.t)} · {m.where}
                </span>
                <span className="found-text">
                  {m.before}
                  <mark>{m.hit}</mark>
                  {m.after}
                </span>
              </button>
            </li>
          ))}
          {data.more && <li className="fine">the first {(data.hits ?? []).length} are listed</li>}
        </ol>
      )}
      {query && (
        <Button look="quiet" icon="close" onClick={() => onQuery("")}>
          End the search
        </Button>
      )}
    </div>
  );
}
