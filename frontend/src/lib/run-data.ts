import { useEffect, useRef, useState } from "react";
import type { Episode, EpisodeDetail, EpisodePage, Job, RunDetail } from "./api.gen";
import { useApp } from "./app";
import { isLive } from "./jobs";
import { useResource, type Resource } from "./resource";
import { mergeRow } from "./runs";
import { useStore } from "./store";

/** Episodes of the list, and steps of an episode, that are read at a time. */
export const PAGE = 60;

export interface RunData {
  detail: Resource<RunDetail>;
  episodes: Resource<EpisodePage>;
  /** The job that the run belongs to, while it is known. */
  job: Job | undefined;
  /** Rises with the work done: charts read their sentence and table again. */
  version: number;
}

/** A run, kept live: its row, its newest episodes, its job. */
export function useRun(key: string): RunData {
  const app = useApp();
  const { transport } = app;
  const detail = useResource<RunDetail>(key && `run ${key}`, (signal) =>
    transport.get(`run/${key}`, {}, signal),
  );
  const episodes = useResource<EpisodePage>(key && `episodes ${key}`, (signal) =>
    transport.get(`run/${key}/episodes`, { offset: 0, limit: PAGE }, signal),
  );
  const [version, setVersion] = useState(0);
  const job = useStore(app.jobs).find((j) => (j.runs ?? []).some((r) => r.key === key));
  const putDetail = detail.put;
  const putEpisodes = episodes.put;
  const reloadDetail = detail.reload;
  const reloadEpisodes = episodes.reload;

  useEffect(() => {
    if (key === "") return;
    return transport.watch(`run:${key}`, (news) => {
      if (news.kind === "gap") {
        reloadDetail();
        reloadEpisodes();
      } else if (news.kind === "message") {
        const { run, episode } = news.message;
        if (run)
          putDetail(
            (d) =>
              d && { ...d, row: { ...run, redone: d.row.redone }, siblings: mergeRow(d.siblings ?? [], run) },
          );
        if (episode) putEpisodes((page) => addEpisode(page, episode));
      }
    });
  }, [transport, key, putDetail, putEpisodes, reloadDetail, reloadEpisodes]);

  const state = detail.data?.row.state;
  const before = useRef(state);
  useEffect(() => {
    if (before.current !== undefined && before.current !== state) {
      reloadDetail();
      setVersion((v) => v + 1);
    }
    before.current = state;
  }, [state, reloadDetail]);

  useSiblings(job, putDetail);
  return { detail, episodes, job, version };
}

/** The other seeds move with the job's news. */
function useSiblings(job: Job | undefined, put: Resource<RunDetail>["put"]): void {
  useEffect(() => {
    if (!job || !isLive(job)) return;
    put((d) => d && { ...d, siblings: (job.runs ?? []).reduce(mergeRow, d.siblings ?? []) });
  }, [job, put]);
}

/** Puts a new episode first; one that is known is replaced. */
export function addEpisode(page: EpisodePage | undefined, episode: Episode): EpisodePage {
  const old = page?.episodes ?? [];
  const known = old.some((e) => e.id === episode.id && e.split === episode.split);
  if (known)
    return {
      total: page?.total ?? old.length,
      episodes: old.map((e) => (e.id === episode.id ? episode : e)),
    };
  return { total: (page?.total ?? 0) + 1, episodes: [episode, ...old].slice(0, 4 * PAGE) };
}

/** Steps of an episode round the chosen one; neighbours that are already here are not read again. */
export function useEpisode(key: string, episode: number, step: number): Resource<EpisodeDetail> {
  const { transport } = useApp();
  const from = Math.max(0, Math.floor(Math.max(0, step) / PAGE) * PAGE);
  return useResource<EpisodeDetail>(
    key && episode >= 0 ? `episode ${key} ${episode} ${from}` : "",
    (signal) => transport.get(`run/${key}/episode/${episode}`, { from, limit: PAGE }, signal),
  );
}
