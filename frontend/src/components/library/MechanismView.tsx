import { useEffect, useMemo, useRef, useState } from "react";
import { useApp } from "../../lib/app";
import type { EpisodeDetail, PaperMechanism, RecordedRun } from "../../lib/api.gen";
import { useCommands } from "../../lib/commands";
import { named } from "../../lib/format";
import { beatsOf, partOf } from "../../lib/mechanism";
import { useResource } from "../../lib/resource";
import { episodeRoute } from "../../lib/route";
import { Button } from "../common/Button";
import { Empty } from "../common/Empty";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { BeatView } from "./BeatView";
import { Part } from "./SourceView";

/** How long a moment stays, in milliseconds. */
const MOMENT = 2200;

/** One real recorded episode, moment by moment, with the part of the mechanism that each moment shows. */
export function MechanismView({ paper }: { paper: PaperMechanism }) {
  const runs = (paper.runs ?? []).filter((r) => r.episode >= 0);
  const [key, setKey] = useState(runs[0]?.key ?? "");
  const run = runs.find((r) => r.key === key);
  return (
    <>
      {runs.length === 0 && (
        <Empty text="No recorded episode ships with this paper; its parts stand below, and its notebook makes episodes." />
      )}
      {runs.length > 1 && (
        <label className="mechanism-runs">
          Recorded episode of{" "}
          <select value={key} onChange={(e) => setKey(e.target.value)}>
            {runs.map((r) => (
              <option key={r.key} value={r.key}>
                {named(r.arm, r.case, `seed ${r.seed}`)}
              </option>
            ))}
          </select>
        </label>
      )}
      {run ? (
        <Player key={run.key} run={run} paper={paper} />
      ) : (
        (paper.parts ?? []).map((p, i) => (
          <section key={p.section} className="mechanism-part">
            <Part part={p} place={i} />
          </section>
        ))
      )}
    </>
  );
}

function Player({ run, paper }: { run: RecordedRun; paper: PaperMechanism }) {
  const app = useApp();
  const { data, error, reload } = useResource(`episode ${run.key} ${run.episode}`, (signal) =>
    app.transport.get<EpisodeDetail>(
      `run/${run.key}/episode/${run.episode}`,
      { from: 0, limit: 400 },
      signal,
    ),
  );
  const beats = useMemo(() => (data ? beatsOf(data) : []), [data]);
  const [at, setAt] = useState(0);
  const [playing, setPlaying] = useState(() => !matchMedia("(prefers-reduced-motion: reduce)").matches);
  const last = beats.length - 1;
  const go = (to: number) => {
    setPlaying(false);
    setAt(Math.max(0, Math.min(last, to)));
  };
  useEffect(() => {
    if (!playing || at >= last) return;
    const timer = setTimeout(() => setAt(at + 1), MOMENT);
    return () => clearTimeout(timer);
  }, [playing, at, last]);
  useCommands(app.commands, [
    {
      id: "beat-next",
      title: "Next moment",
      group: "Mechanism",
      keys: ["j", "ArrowRight"],
      run: () => go(at + 1),
    },
    {
      id: "beat-back",
      title: "Moment before",
      group: "Mechanism",
      keys: ["k", "ArrowLeft"],
      run: () => go(at - 1),
    },
    {
      id: "beat-play",
      title: "Play or hold",
      group: "Mechanism",
      keys: ["Space"],
      run: () => setPlaying(!playing),
    },
  ]);
  const beat = beats[at];
  const lit = beat ? partOf(beat, paper.parts ?? []) : [];
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    list.current?.querySelector(".mechanism-lit")?.scrollIntoView({ block: "nearest" });
  }, [at]);
  if (error)
    return <FailureBox failure={error} what="the recorded episode could not be read" onRetry={reload} />;
  if (!beat) return <Loading what="the recorded episode" lines={8} />;
  return (
    <div className="mechanism">
      <div className="mechanism-stage">
        <p className="mechanism-controls">
          <Button
            look="main"
            icon={playing && at < last ? "pause" : "play"}
            onClick={() => (at >= last ? (setAt(0), setPlaying(true)) : setPlaying(!playing))}
          >
            {at >= last ? "Again" : playing ? "Hold" : "Play"}
          </Button>
          <Button
            look="quiet"
            icon="back"
            label="Moment before"
            disabled={at === 0}
            onClick={() => go(at - 1)}
          />
          <input
            type="range"
            min={0}
            max={last}
            value={at}
            aria-label="Moment of the episode"
            aria-valuetext={`moment ${at + 1} of ${beats.length}: step ${beat.t}, ${beat.title}`}
            onChange={(e) => go(Number(e.target.value))}
          />
          <Button
            look="quiet"
            icon="arrow"
            label="Next moment"
            disabled={at === last}
            onClick={() => go(at + 1)}
          />
          <span className="fine nowrap">
            {at + 1} of {beats.length}
          </span>
        </p>
        <BeatView beat={beat} />
        <p className="fine">
          Recorded, not made up: {named(run.arm, run.case, `seed ${run.seed}`)}, episode {run.episode}.{" "}
          <Button
            look="quiet"
            icon="episode"
            onClick={() => app.navigation.go(episodeRoute(run.key, run.episode, beat.t))}
          >
            Open step {beat.t} in the inspector
          </Button>
        </p>
      </div>
      <ol className="mechanism-parts" ref={list} aria-label="Parts of the mechanism">
        {(paper.parts ?? []).map((p, i) => (
          <li
            key={p.section}
            className={`mechanism-part${lit.includes(i) ? " mechanism-lit" : ""}`}
            aria-current={lit.includes(i) ? "step" : undefined}
          >
            {lit.includes(i) && <p className="mechanism-now">now</p>}
            <Part part={p} place={i} />
          </li>
        ))}
      </ol>
    </div>
  );
}
