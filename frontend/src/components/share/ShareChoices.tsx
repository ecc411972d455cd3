import type { Detail, ShareOffer, ShareRequest } from "../../lib/api.gen";
import { plural } from "../../lib/format";
import { bytes, pageSize, sizeOf } from "../../lib/share";
import { Button } from "../common/Button";

interface Props {
  offer: ShareOffer;
  request: ShareRequest;
  onChange: (request: ShareRequest) => void;
  onWrite: () => void;
}

const DETAILS: { name: keyof Detail; label: string; what: string }[] = [
  { name: "episodes", label: "Episodes", what: "every kept step and what the model saw" },
  { name: "memory", label: "Memory history", what: "every operation on the memory" },
  { name: "weights", label: "Weights", what: "checkpoints; without them a run cannot be continued" },
];

/** What to share and in which form; the size of each part stands beside it. */
export function ShareChoices({ offer, request, onChange, onWrite }: Props) {
  const page = request.form === "page";
  const expected = page
    ? pageSize(offer, request.detail)
    : { size: sizeOf(offer.sizes, request.detail), fewer: false };
  const set = (part: Partial<ShareRequest>) => onChange({ ...request, ...part });
  return (
    <form
      className="share-form"
      onSubmit={(event) => {
        event.preventDefault();
        onWrite();
      }}
    >
      <p>
        <strong>{offer.title}</strong>
        <br />
        <span className="fine">
          {plural(offer.runs, "run")} at budget {offer.budget} · {offer.sentence}
        </span>
      </p>
      {offer.early && <p className="tag">early: runs are still going on, and the file will say so</p>}
      {offer.stale && <p className="tag tag-stale">~ stale: {offer.stale}; the file will say so</p>}
      {offer.recorded && <p className="fine">These results ship with Loci: {offer.recorded}.</p>}
      <fieldset>
        <legend>Form</legend>
        <Choice
          name="loci"
          label="For Loci"
          what="one .loci file: opens as a notebook with its runs"
          request={request}
          set={set}
        />
        <Choice
          name="page"
          label="For any browser"
          what="one page that opens from disk, with the network off"
          request={request}
          set={set}
        />
      </fieldset>
      <fieldset>
        <legend>What is in it</legend>
        <label className="share-row">
          <input type="checkbox" checked disabled />
          <span>
            Results <span className="fine">set-up, metrics, verdicts, where and when</span>
          </span>
          <span className="share-size">{bytes(offer.sizes.results)}</span>
        </label>
        {DETAILS.filter((d) => !(page && d.name === "weights")).map((d) => (
          <label className="share-row" key={d.name}>
            <input
              type="checkbox"
              checked={request.detail[d.name]}
              onChange={(e) => set({ detail: { ...request.detail, [d.name]: e.target.checked } })}
            />
            <span>
              {d.label} <span className="fine">{d.what}</span>
            </span>
            <span className="share-size">{bytes(offer.sizes[d.name])}</span>
          </label>
        ))}
      </fieldset>
      <label className="share-author">
        <span>Author</span>
        <input
          type="text"
          value={request.author}
          placeholder="left out"
          autoComplete="off"
          onChange={(e) => set({ author: e.target.value })}
        />
      </label>
      <label className="share-row">
        <input type="checkbox" checked={request.names} onChange={(e) => set({ names: e.target.checked })} />
        <span>
          Keep names <span className="fine">paths of the home folder, user and machine</span>
        </span>
      </label>
      {expected.fewer && (
        <p className="hint">
          With all episodes the page would have more than {bytes(offer.page_most)}: it will hold fewer and say
          which are left out. The .loci file holds all.
        </p>
      )}
      <p className="share-go">
        <Button look="main" icon="share" onClick={onWrite}>
          Write the file, about {bytes(Math.round(expected.size))}
        </Button>
        <span className="fine">
          Every part is searched for stored secrets and keys first. Nothing is run.
        </span>
      </p>
    </form>
  );
}

interface ChoiceProps {
  name: string;
  label: string;
  what: string;
  request: ShareRequest;
  set: (part: Partial<ShareRequest>) => void;
}

function Choice({ name, label, what, request, set }: ChoiceProps) {
  return (
    <label className="share-row">
      <input type="radio" name="form" checked={request.form === name} onChange={() => set({ form: name })} />
      <span>
        {label} <span className="fine">{what}</span>
      </span>
    </label>
  );
}
