import type { ForkEntry } from "../../lib/api.gen";

interface Props {
  entries: readonly ForkEntry[];
  chosen: number;
  onChoose: (at: number) => void;
}

/** The entries that the agent had before it at the step. */
export function EntryChoice({ entries, chosen, onChoose }: Props) {
  return (
    <fieldset>
      <legend>Entry that was read here</legend>
      <div className="fork-entries">
        {entries.map((e, at) => (
          <label key={`${e.bank}/${e.id}`} className="fork-entry">
            <input type="radio" name="fork-entry" checked={at === chosen} onChange={() => onChoose(at)} />
            <span>
              <code>{e.id}</code> {e.text} <span className="fine">in {e.bank}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
