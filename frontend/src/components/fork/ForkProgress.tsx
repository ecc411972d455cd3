import { useRef } from "react";
import type { ForkView } from "../../lib/api.gen";
import { progressWords } from "../../lib/fork";
import { Button } from "../common/Button";
import { ProgressBar } from "../common/ProgressBar";

interface Props {
  fork: ForkView;
  lost: boolean;
  onStop: () => void;
}

/** How often a screen reader hears how far it is, in milliseconds. */
const SPOKEN = 10_000;

/** How far a fork is, with time left and a way to stop it. */
export function ForkProgress({ fork, lost, onStop }: Props) {
  const words = progressWords(fork);
  const said = useRef({ at: 0, words: "" });
  if (Date.now() - said.current.at > SPOKEN) said.current = { at: Date.now(), words };
  return (
    <div className="fork-progress">
      <ProgressBar share={fork.total > 0 ? fork.done / fork.total : 0} label={fork.title} />
      <p>
        <span aria-hidden="true">{words}</span>
        <span className="unseen" role="status">
          {said.current.words}
        </span>{" "}
        {lost && <span className="tag">no line to the server, trying again</span>}
        <Button look="quiet" onClick={onStop}>
          Cancel
        </Button>
      </p>
    </div>
  );
}
