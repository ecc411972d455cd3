import { useState } from "react";
import { count } from "../../lib/format";
import { FOLD } from "../../lib/inspect-text";
import { Button } from "../common/Button";

/** A text as it stands, every space and line end kept. Long ones are folded at first, and say how long they are. */
export function FoldedText({ text }: { text: string }) {
  const [whole, setWhole] = useState(false);
  const long = text.length > FOLD;
  // What may have to be scrolled can be reached by keyboard.
  const tall = text.length > 400 || text.split("\n").length > 15;
  return (
    <>
      <pre className="exact" tabIndex={tall ? 0 : undefined}>
        {long && !whole ? text.slice(0, FOLD) + " …" : text}
      </pre>
      {long && (
        <Button look="quiet" onClick={() => setWhole(!whole)}>
          {whole ? `Fold after ${count(FOLD)} characters` : `Show all ${count(text.length)} characters`}
        </Button>
      )}
    </>
  );
}
