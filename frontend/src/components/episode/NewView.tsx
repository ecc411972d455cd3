import { useMemo } from "react";
import type { Context } from "../../lib/api.gen";
import { newsOf, type BlockNews, type Line } from "../../lib/inspect-text";

interface Props {
  context: Context;
  before: Context | null;
  beforeT: number;
}

const SIGNS: Record<Line["kind"], string> = { new: "+", gone: "−", same: " " };

/** What the model was given that it was not given at the step before, and what has gone. */
export function NewView({ context, before, beforeT }: Props) {
  const news = useMemo(() => newsOf(context, before), [context, before]);
  if (!before) return <p className="fine">There is no context before this step: all of it is new.</p>;
  return (
    <ol className="blocks">
      {news.map((b, i) => (
        <li key={i} className="block">
          <p className="block-news">
            <span className="block-name">{b.name}</span> <span className="fine">{words(b, beforeT)}</span>
          </p>
          {b.lines.length > 0 && (
            <pre className="exact" tabIndex={b.lines.length > 10 ? 0 : undefined}>
              {b.lines.map((line, n) => (
                <span key={n} className={`line-${line.kind}`}>
                  {SIGNS[line.kind]} {line.text}
                  {"\n"}
                </span>
              ))}
            </pre>
          )}
        </li>
      ))}
    </ol>
  );
}

function words(b: BlockNews, beforeT: number): string {
  if (b.kind === "same") return `as at step ${beforeT}`;
  if (b.kind === "new") return `not there at step ${beforeT}`;
  if (b.kind === "gone") return `was there at step ${beforeT}`;
  return b.more === 0 ? "changed" : `changed, ${b.more > 0 ? "+" : "−"}${Math.abs(b.more)}`;
}
