import { useState } from "react";
import type { Block, Context } from "../../lib/api.gen";
import { count } from "../../lib/format";
import { exactText } from "../../lib/inspect-text";
import { Button } from "../common/Button";
import { FoldedText } from "./FoldedText";

/** Exactly what the model was given, in order: the token ids where they were kept, and the text. */
export function ExactView({ context }: { context: Context }) {
  const [copied, setCopied] = useState(false);
  const blocks = context.blocks ?? [];
  const ids = blocks.flatMap((b) => b.tokens ?? []);
  const copy = () =>
    void navigator.clipboard
      ?.writeText(ids.length > 0 ? ids.join(" ") : exactText(context))
      .then(() => setCopied(true));
  return (
    <div className="exact-view">
      {blocks.map((b, i) => (
        <ExactBlock key={i} block={b} />
      ))}
      <p className="fine">
        {ids.length > 0
          ? `${count(ids.length)} token ids, the very ones that went into the model.`
          : "The ids of the tokens were not kept; the text is what was given, to the letter."}{" "}
        <Button look="quiet" icon="copy" onClick={copy}>
          {copied ? "copied" : ids.length > 0 ? "copy the ids" : "copy the text"}
        </Button>
      </p>
    </div>
  );
}

function ExactBlock({ block }: { block: Block }) {
  const tokens = block.tokens ?? [];
  return (
    <div className="exact-block">
      <p className="exact-name">{block.name}</p>
      {block.text !== undefined && <FoldedText text={block.text} />}
      {tokens.length > 0 && (
        <div className="exact-ids">
          <FoldedText text={tokens.join(" ")} />
        </div>
      )}
    </div>
  );
}
