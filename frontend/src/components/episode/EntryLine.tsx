import type { EntryNote } from "../../lib/api.gen";
import { count, plural } from "../../lib/format";
import { Button } from "../common/Button";

interface Props {
  id: string;
  note: EntryNote | undefined;
  onLife: () => void;
  onFork?: () => void;
}

/** One entry that was used: its text, when it was born, how often it was read and what came of it. */
export function EntryLine({ id, note, onLife, onFork }: Props) {
  return (
    <li className="entry-line">
      <p className="entry-text">
        <b>{id}</b> {note?.text}
      </p>
      <p className="fine">
        {note &&
          `born in episode ${note.born}, step ${note.born_t} · read ${count(note.read)} ×${came(note)}`}
        <Button look="quiet" onClick={onLife}>
          life
        </Button>
        {onFork && (
          <Button look="quiet" icon="fork" onClick={onFork}>
            Fork without {id}
          </Button>
        )}
      </p>
    </li>
  );
}

function came(note: EntryNote): string {
  const parts: string[] = [];
  if (note.helped > 0) parts.push(`${plural(note.helped, "time")} in a solved episode`);
  if (note.misled > 0) parts.push(`${plural(note.misled, "time")} in a failed one`);
  return parts.length > 0 ? `: ${parts.join(", ")}` : " before";
}
