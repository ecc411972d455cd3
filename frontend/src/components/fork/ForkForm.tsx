import type { ForkPlace } from "../../lib/api.gen";
import { FORK_KINDS, kindsOf, lacks, type ForkChoice } from "../../lib/fork";
import { Button } from "../common/Button";
import { EntryChoice } from "./EntryChoice";

interface Props {
  place: ForkPlace;
  choice: ForkChoice;
  busy: boolean;
  onChoose: (choice: ForkChoice) => void;
  onBegin: (replays: number) => void;
}

/** What is to be changed, and the two ways to look at it. */
export function ForkForm({ place, choice, busy, onChoose, onBegin }: Props) {
  const kinds = kindsOf(place);
  const entries = place.entries ?? [];
  const missing = lacks(choice);
  const set = (part: Partial<ForkChoice>) => onChoose({ ...choice, ...part });
  return (
    <form className="fork-form" onSubmit={(e) => e.preventDefault()}>
      <fieldset>
        <legend>What is changed</legend>
        {FORK_KINDS.filter((k) => kinds.includes(k.kind)).map((k) => (
          <label key={k.kind} className="fork-kind">
            <input
              type="radio"
              name="fork-kind"
              checked={choice.kind === k.kind}
              onChange={() =>
                set({ kind: k.kind, text: k.kind === "edit" ? (entries[choice.entry]?.text ?? "") : "" })
              }
            />
            <span>
              {k.title} <span className="fine">{k.help}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {(choice.kind === "drop" || choice.kind === "edit") && (
        <EntryChoice
          entries={entries}
          chosen={choice.entry}
          onChoose={(entry) =>
            set({ entry, text: choice.kind === "edit" ? (entries[entry]?.text ?? "") : "" })
          }
        />
      )}
      {choice.kind === "edit" && (
        <label className="fork-text">
          New text
          <textarea rows={3} value={choice.text} onChange={(e) => set({ text: e.target.value })} />
        </label>
      )}
      {choice.kind === "act" && (
        <label className="fork-text">
          Action at this step{place.action && <span className="fine"> it did “{place.action}”</span>}
          <input type="text" value={choice.text} onChange={(e) => set({ text: e.target.value })} />
        </label>
      )}
      <div className="fork-buttons">
        {place.look && (
          <Button look="main" disabled={busy || missing !== ""} onClick={() => onBegin(0)}>
            One look
          </Button>
        )}
        <Button
          look={place.look ? "plain" : "main"}
          disabled={busy || missing !== ""}
          onClick={() => onBegin(place.replays)}
        >
          {`${place.replays} replays, ${place.cost}`}
        </Button>
        {missing && <span className="fine">{missing}</span>}
      </div>
      {!place.look && (
        <p className="fine">
          The model behind the endpoint answers anew each time: one look would tell nothing.
        </p>
      )}
    </form>
  );
}
