import type { Episode } from "../../lib/api.gen";
import { count, shown } from "../../lib/format";
import { Button } from "../common/Button";

interface Props {
  episodes: readonly Episode[];
  total: number;
  current: number;
  following: boolean;
  onChoose: (id: number) => void;
  onFollow: () => void;
}

/** Which episode is shown, and what came of it. Only kept ones can be opened; what was left out is counted. */
export function EpisodeChooser({ episodes, total, current, following, onChoose, onFollow }: Props) {
  const kept = episodes.filter((e) => e.detail);
  const episode = episodes.find((e) => e.id === current);
  return (
    <div className="episode-head">
      <h2>Episode</h2>
      {kept.length > 0 && (
        <label>
          <span className="unseen">episode</span>
          <select value={current} onChange={(e) => onChoose(Number(e.target.value))}>
            {!kept.some((e) => e.id === current) && <option value={current}>{current}</option>}
            {kept.map((e) => (
              <option key={`${e.split} ${e.id}`} value={e.id}>
                {e.id} · {e.split} · {e.success ? "solved" : "not solved"}
              </option>
            ))}
          </select>
        </label>
      )}
      {episode && (
        <p className="episode-facts">
          <span className={`mark ${episode.success ? "tone-good" : "tone-bad"}`}>
            <span className="mark-shape" aria-hidden="true">
              {episode.success ? "✓" : "✕"}
            </span>
            {episode.success ? "solved" : "not solved"}
          </span>
          <span>return {shown(episode.return)}</span>
          <span>{count(episode.steps)} steps</span>
          <span>memory {shown(episode.memory)}</span>
          <span>context {shown(episode.context)}</span>
          <span>after {count(episode.x)} training steps</span>
        </p>
      )}
      <span className="grow" />
      <span className="fine">{count(total)} episodes</span>
      {!following && (
        <Button look="quiet" title="f" onClick={onFollow}>
          Follow the newest
        </Button>
      )}
    </div>
  );
}
