import type { Context } from "../lib/api.gen";

/** Longer blocks are folded. */
const FOLD = 2000;

/** Exactly what the model saw at a step, block by block, as text. */
export function ContextBlocks({ context }: { context: Context | undefined }) {
  const blocks = context?.blocks ?? [];
  if (!context || blocks.length === 0) return null;
  const used = blocks.reduce((sum, b) => sum + b.count, 0);
  return (
    <div className="report-context">
      <h3>
        The model saw{" "}
        <span className="fine">
          {used} of {context.limit}
        </span>
      </h3>
      {blocks.map((b, i) => (
        <details key={i} open={(b.text ?? "").length <= FOLD}>
          <summary>
            {b.name} <span className="fine">{b.count}</span>
            {(b.dropped ?? 0) > 0 && <span className="tag">{b.dropped} dropped</span>}
            {(b.entries ?? []).length > 0 && <span className="fine"> {(b.entries ?? []).join(", ")}</span>}
          </summary>
          {b.text && <pre tabIndex={0}>{b.text}</pre>}
        </details>
      ))}
    </div>
  );
}
