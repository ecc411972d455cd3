import type { Leak } from "../../lib/api.gen";
import { Button } from "../common/Button";

interface Props {
  leaks: Leak[];
  onAgain: () => void;
  onWithout: (runs: string[]) => void;
}

/** Where secrets were found. Their values are never shown. A run can be left out whole; a notebook must be mended. */
export function LeakList({ leaks, onAgain, onWithout }: Props) {
  const runs = [
    ...new Set(
      leaks.flatMap((l) => /^(?:content\/runs\/|episodes:|memory:)([0-9a-z-]+)/.exec(l.part)?.[1] ?? []),
    ),
  ];
  const elsewhere = leaks.some((l) => !/^(content\/runs\/|episodes:|memory:)/.test(l.part));
  return (
    <div className="failure" role="alert">
      <p className="failure-what">Nothing was written: what looks like a secret stands in the experiment.</p>
      <ul className="share-leaks">
        {leaks.map((l) => (
          <li key={`${l.part} ${l.place} ${l.kind}`}>
            <strong>{l.kind}</strong>
            <br />
            <span className="fine">
              {l.part}, {l.place}
            </span>
          </li>
        ))}
      </ul>
      <p>
        {elsewhere
          ? "Take it out of the notebook. If it was ever shared, make a new key at the service."
          : "Take it out where it came from and run again, or leave these runs out whole."}
      </p>
      <p className="share-go">
        {!elsewhere && runs.length > 0 && (
          <Button look="main" onClick={() => onWithout(runs.map((key) => `runs/${key}`))}>
            Leave {runs.length === 1 ? "this run" : `these ${runs.length} runs`} out
          </Button>
        )}
        <Button onClick={onAgain}>Choose again</Button>
      </p>
    </div>
  );
}
