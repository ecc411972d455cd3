/** The verdicts of claims: a shape and a word. */
const VERDICTS: Record<string, { mark: string; tone: string }> = {
  held: { mark: "●", tone: "good" },
  "not held": { mark: "✕", tone: "bad" },
  "cannot tell": { mark: "◐", tone: "wait" },
};

/** A verdict with an optional count: "● 3 held". */
export function VerdictMark({ verdict, count }: { verdict: string; count?: number }) {
  const known = VERDICTS[verdict] ?? { mark: "○", tone: "quiet" };
  return (
    <span className={`mark verdict tone-${known.tone}`}>
      <span className="mark-shape" aria-hidden="true">
        {known.mark}
      </span>
      {count === undefined ? verdict : `${count} ${verdict}`}
    </span>
  );
}
