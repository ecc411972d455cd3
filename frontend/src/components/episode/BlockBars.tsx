import { useState } from "react";
import type { Block, Context } from "../../lib/api.gen";
import { count, plural } from "../../lib/format";
import { contextSize, textOf } from "../../lib/inspect-text";
import { FoldedText } from "./FoldedText";

/** The context block by block: how much of it each takes, and what stands in it. */
export function BlockBars({ context }: { context: Context }) {
  const blocks = context.blocks ?? [];
  const most = Math.max(1, context.limit, contextSize(context));
  const dropped = blocks.filter((b) => (b.dropped ?? 0) > 0);
  return (
    <>
      <ol className="blocks">
        {blocks.map((block, i) => (
          <BlockRow key={i} block={block} share={block.count / most} />
        ))}
      </ol>
      {dropped.map((b, i) => (
        <p key={i} className="block-dropped">
          <span className="mark-shape" aria-hidden="true">
            ✂
          </span>{" "}
          dropped from {b.name}: {count(b.dropped ?? 0)}, to keep within the limit
        </p>
      ))}
      {blocks.length === 0 && <p className="fine">The context was empty.</p>}
    </>
  );
}

function BlockRow({ block, share }: { block: Block; share: number }) {
  const text = textOf(block);
  const [open, setOpen] = useState(text.length <= 400);
  const entries = block.entries ?? [];
  return (
    <li className="block">
      <button type="button" className="block-head" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className="block-fold" aria-hidden="true">
          {open ? "▾" : "▸"}
        </span>
        <span className="block-name">{block.name}</span>
        <span className="block-bar" aria-hidden="true">
          <span style={{ width: `${Math.max(0.5, share * 100)}%` }} />
        </span>
        <span className="block-count">{count(block.count)}</span>
      </button>
      {entries.length > 0 && (
        <p className="fine block-entries">
          holds {plural(entries.length, "entry", "entries")}: {entries.join(", ")}
        </p>
      )}
      {open && <FoldedText text={text} />}
    </li>
  );
}
