import { useMemo } from "react";
import type { EpisodeDetail, Memory, ReportRun } from "../lib/api.gen";
import { useCommands } from "../lib/commands";
import { named, shown } from "../lib/format";
import { interesting, nextOf } from "../lib/steps";
import { useStore } from "../lib/store";
import { Button } from "../components/common/Button";
import { FilmStrip } from "../components/run/FilmStrip";
import { StepPanel } from "../components/run/StepPanel";
import { block, has } from "./blocks";
import { ContextBlocks } from "./ContextBlocks";
import { commands } from "./keys";

export interface Place {
  /** Number of the episode; -1 for the first of the page. */
  episode: number;
  step: number;
}

interface Props {
  run: ReportRun;
  place: Place;
  onPlace: (place: Place) => void;
}

/** The episodes of a run, step by step. */
export function EpisodeViewer({ run, place, onPlace }: Props) {
  const key = run.row.key;
  const episodes = useStore(block<EpisodeDetail[]>(`episodes:${key}`));
  if (episodes.state === "reading") return <p className="fine">reading the episodes …</p>;
  if (episodes.state === "broken")
    return <p className="failure">The episodes cannot be read: {episodes.why}</p>;
  return has(`memory:${key}`) ? (
    <WithMemory id={key} episodes={episodes.data} place={place} onPlace={onPlace} />
  ) : (
    <Film episodes={episodes.data} operations={[]} place={place} onPlace={onPlace} />
  );
}

interface FilmProps {
  episodes: readonly EpisodeDetail[];
  operations: readonly Memory[];
  place: Place;
  onPlace: (place: Place) => void;
}

function WithMemory({ id, ...rest }: Omit<FilmProps, "operations"> & { id: string }) {
  const memory = useStore(block<Memory[]>(`memory:${id}`));
  return <Film {...rest} operations={memory.state === "read" ? memory.data : []} />;
}

function Film({ episodes, operations, place, onPlace }: FilmProps) {
  const nth = Math.max(
    0,
    episodes.findIndex((e) => e.episode.id === place.episode),
  );
  const chosen = episodes[nth];
  const detail = useMemo(
    () =>
      chosen ? { ...chosen, memory: operations.filter((m) => m.episode === chosen.episode.id) } : undefined,
    [chosen, operations],
  );
  const events = useMemo(() => (detail ? interesting(detail) : []), [detail]);
  const steps = detail?.steps ?? [];
  const last = steps[steps.length - 1]?.t ?? 0;
  const at = Math.max(0, Math.min(last, place.step < 0 ? 0 : place.step));
  const step = (t: number) =>
    detail && onPlace({ episode: detail.episode.id, step: Math.max(0, Math.min(last, t)) });
  const jump = (by: 1 | -1) => step(nextOf(events, at, by) ?? (by > 0 ? last : 0));
  const episode = (by: 1 | -1) => {
    const next = episodes[nth + by];
    if (next) onPlace({ episode: next.episode.id, step: 0 });
  };
  useCommands(commands, [
    { id: "next", title: "next step", group: "Episode", keys: ["j"], run: () => step(at + 1) },
    { id: "previous", title: "previous step", group: "Episode", keys: ["k"], run: () => step(at - 1) },
    { id: "event-next", title: "next event", group: "Episode", keys: ["]"], run: () => jump(1) },
    { id: "event-back", title: "event before", group: "Episode", keys: ["["], run: () => jump(-1) },
    { id: "episode-next", title: "next episode", group: "Episode", keys: ["J"], run: () => episode(1) },
    { id: "episode-back", title: "episode before", group: "Episode", keys: ["K"], run: () => episode(-1) },
  ]);
  if (!detail) return null;
  const e = detail.episode;
  return (
    <section className="report-episode" aria-labelledby="episodes">
      <h2 id="episodes">Episodes</h2>
      <div className="episode-head">
        <label>
          episode{" "}
          <select
            value={e.id}
            onChange={(event) => onPlace({ episode: Number(event.target.value), step: 0 })}
          >
            {episodes.map((one) => (
              <option key={one.episode.id} value={one.episode.id}>
                {named(
                  String(one.episode.id),
                  one.episode.split,
                  one.episode.success ? "solved" : "not solved",
                )}
              </option>
            ))}
          </select>
        </label>
        <span className="episode-facts">
          <span>{e.success ? "● solved" : "✕ not solved"}</span>
          <span>return {shown(e.return)}</span>
          <span>{e.steps} steps</span>
          <span>{e.why}</span>
        </span>
        <Button look="quiet" icon="back" label="previous step (k)" onClick={() => step(at - 1)} />
        <span aria-live="polite" className="fine">
          step {at} of {last}
        </span>
        <Button look="quiet" icon="chevron" label="next step (j)" onClick={() => step(at + 1)} />
      </div>
      <FilmStrip steps={steps} current={at} events={events} onChoose={step} />
      <div className="report-step">
        <ContextBlocks context={(detail.context ?? []).find((c) => c.t === at)} />
        <StepPanel detail={detail} at={at} />
      </div>
    </section>
  );
}
