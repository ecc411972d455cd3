import type { Solved } from "../../lib/api.gen";
import { count } from "../../lib/format";
import { episodeRoute, type EpisodeRoute } from "../../lib/route";
import { RouteLink } from "../common/RouteLink";

const WORDS: Record<string, string> = {
  both: "● both",
  a: "◐ first only",
  b: "◑ second only",
  none: "○ none",
};

/** Episodes of the chosen cell; a click opens both beside each other. */
export function SolvedList({ solved, open }: { solved: Solved; open: boolean }) {
  const rows = solved.episodes ?? [];
  const both = (i: number): EpisodeRoute => {
    const e = rows[i];
    return e
      ? { ...episodeRoute(e.a_key, e.a_episode), other: e.b_key, otherEpisode: e.b_episode }
      : episodeRoute("");
  };
  return (
    <details className="solved-list" open={open}>
      <summary>
        {count(solved.total)} {solved.total === 1 ? "episode" : "episodes"}
        {rows.length < solved.total && `, the first ${rows.length} of them`}
      </summary>
      <ul>
        {rows.map((e, i) => (
          <li key={`${e.a_key} ${e.split} ${e.world}`}>
            <RouteLink to={both(i)}>
              {e.split} {e.world}
            </RouteLink>{" "}
            <span className="fine">
              seed {e.seed} · {WORDS[e.cell]?.replace("first", solved.a).replace("second", solved.b)}
              {!e.steps && " · steps not kept"}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
