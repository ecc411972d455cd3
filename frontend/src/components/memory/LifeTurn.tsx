import type { MemoryTurn } from "../../lib/api.gen";
import { shown } from "../../lib/format";
import { movedNumbers, opMark, opWord, partWords } from "../../lib/memory-view";

interface Props {
  turn: MemoryTurn;
  here: boolean;
  onOpen: () => void;
}

/** One event in the life of an entry; a click moves the slider behind it. */
export function LifeTurn({ turn, here, onOpen }: Props) {
  const moved = movedNumbers(turn);
  return (
    <li className={here ? "turn turn-here" : "turn"} aria-current={here ? "step" : undefined}>
      <button
        type="button"
        className="turn-place"
        title={`episode ${turn.episode}, step ${turn.step}`}
        onClick={onOpen}
      >
        ep {turn.episode}
        <span className="fine">/{turn.step}</span>
      </button>
      <span className={`op op-${turn.op}`} aria-hidden="true">
        {opMark(turn.op)}
      </span>
      <div className="turn-words" title={turn.op === "read" ? partWords(turn.parts) : turn.reason}>
        <p>
          {turn.op === "read"
            ? readWords(turn)
            : moved.length > 0 && turn.op === "change"
              ? moved.join(", ")
              : opWord(turn.op)}
          {turn.came && (
            <b className={`came came-${turn.came}`}> {turn.came === "helped" ? "✓ helped" : "✕ misled"}</b>
          )}
          {here && <span className="fine"> (here)</span>}
        </p>
        {here && turn.op === "read" && partWords(turn.parts) && (
          <p className="fine">{partWords(turn.parts)}</p>
        )}
        {turn.op !== "read" && turn.reason && <p className="fine">{turn.reason}</p>}
        {turn.op === "merge" && <p className="fine">from {(turn.sources ?? []).join(" and ")}</p>}
        {turn.op === "change" && turn.text && <p className="turn-text">{turn.text}</p>}
      </div>
    </li>
  );
}

function readWords(turn: MemoryTurn): string {
  const rank = turn.rank > 0 ? `, rank ${turn.rank}` : "";
  const score = turn.score === "NaN" ? "" : `, score ${shown(turn.score)}`;
  return turn.used ? `read${rank}${score}` : `near miss${rank}${score}${turn.why ? `: ${turn.why}` : ""}`;
}
