import { Dialog } from "@base-ui/react/dialog";
import { useState } from "react";
import type { Episode, InspectEpisode, InspectList, RunPage } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { count, named, plural, shown } from "../../lib/format";
import { useResource } from "../../lib/resource";
import { Button } from "../common/Button";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";

interface Props {
  open: boolean;
  /** Chooses the episode to stand beside the open one, not the open one. */
  beside: boolean;
  head: InspectEpisode;
  onClose: () => void;
  onPick: (key: string, episode: number) => void;
}

/** Chooses an episode: of this run, and for comparing also of the notebook's other runs, those of the same world first. */
export function EpisodePicker({ open, beside, head, onClose, onPick }: Props) {
  return (
    <Dialog.Root open={open} onOpenChange={(on) => !on && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="sheet episode-sheet" data-modal="">
          <div className="sheet-head">
            <Dialog.Title>{beside ? "Compare with" : "Episodes"}</Dialog.Title>
            <Dialog.Close className="button button-quiet">Close</Dialog.Close>
          </div>
          {open && <Choice beside={beside} head={head} onPick={onPick} />}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

const PAGE = 60;

function Choice({ beside, head, onPick }: Omit<Props, "open" | "onClose">) {
  const { transport } = useApp();
  const [key, setKey] = useState(head.key);
  const [split, setSplit] = useState("");
  const [outcome, setOutcome] = useState("");
  const [order, setOrder] = useState(beside ? "world" : "newest");
  const [limit, setLimit] = useState(PAGE);
  const runs = useResource<RunPage>(beside && head.notebook ? `runs ${head.notebook}` : "", (signal) =>
    transport.get("runs", { path: head.notebook, limit: 300 }, signal),
  );
  const query = { split, outcome, order, seed: String(head.episode.seed), limit };
  const list = useResource<InspectList>(`list ${key} ${JSON.stringify(query)}`, (signal) =>
    transport.get(`run/${key}/inspect/episodes`, query, signal),
  );
  const { data } = list;
  const others = (runs.data?.runs ?? []).filter((r) => r.key !== head.key);
  return (
    <div className="picker">
      <div className="picker-filters">
        {beside && (
          <label>
            run{" "}
            <select value={key} onChange={(e) => setKey(e.target.value)}>
              <option value={head.key}>this run</option>
              {others.map((r) => (
                <option key={r.key} value={r.key}>
                  {named(r.arm, r.case, `seed ${r.seed}`, r.budget)}
                </option>
              ))}
            </select>
          </label>
        )}
        <label>
          split{" "}
          <select value={split} onChange={(e) => setSplit(e.target.value)}>
            <option value="">all</option>
            {(data?.splits ?? []).map((s) => (
              <option key={s.name} value={s.name}>
                {s.name} ({s.solved} of {s.kept} solved)
              </option>
            ))}
          </select>
        </label>
        <label>
          outcome{" "}
          <select value={outcome} onChange={(e) => setOutcome(e.target.value)}>
            <option value="">all</option>
            <option value="solved">solved</option>
            <option value="failed">not solved</option>
          </select>
        </label>
        <label>
          order{" "}
          <select value={order} onChange={(e) => setOrder(e.target.value)}>
            <option value="newest">newest first</option>
            <option value="failed">not solved first</option>
            <option value="world">same world first</option>
          </select>
        </label>
      </div>
      {list.error && (
        <FailureBox failure={list.error} what="the episodes could not be listed" onRetry={list.reload} />
      )}
      {!data && !list.error && <Loading what="the episodes" lines={6} />}
      {data && (
        <>
          <p className="fine" role="status">
            {plural(data.total, "episode")} of {count(data.kept)} with steps; the run had {count(data.all)}
          </p>
          <ol className="picker-list">
            {(data.episodes ?? []).map((e) => (
              <PickRow
                key={`${e.split} ${e.id}`}
                episode={e}
                here={key === head.key && e.id === head.episode.id}
                sameWorld={e.split === head.episode.split && e.seed === head.episode.seed}
                onPick={() => onPick(key, e.id)}
              />
            ))}
          </ol>
          {(data.episodes ?? []).length < data.total && (
            <Button onClick={() => setLimit(Math.min(500, limit + 200))} disabled={limit >= 500}>
              {limit >= 500 ? "the first 500 are listed: use the filters" : "Show more"}
            </Button>
          )}
        </>
      )}
    </div>
  );
}

interface RowProps {
  episode: Episode;
  here: boolean;
  sameWorld: boolean;
  onPick: () => void;
}

function PickRow({ episode: e, here, sameWorld, onPick }: RowProps) {
  return (
    <li>
      <button type="button" className="picker-row" aria-current={here ? "true" : undefined} onClick={onPick}>
        <b>{e.id}</b>
        <span className="tag">{e.split}</span>
        <span className={`mark ${e.success ? "tone-good" : "tone-bad"}`}>
          <span className="mark-shape" aria-hidden="true">
            {e.success ? "✓" : "✕"}
          </span>
          {e.success ? "solved" : e.why === "failed" ? "could not be finished" : "not solved"}
        </span>
        <span>return {shown(e.return)}</span>
        <span>{plural(e.steps, "step")}</span>
        <span className="fine">after {count(e.x)}</span>
        <span className="fine">{here ? "open now" : sameWorld ? "same world" : ""}</span>
      </button>
    </li>
  );
}
